import assert from "node:assert/strict";
import { chmod, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, it } from "node:test";
import { findCredentials } from "./find-credentials.ts";

const auth = Buffer.from("me:pass:word").toString("base64");
const me = { username: "me", password: "pass:word" };

describe("findCredentials", () => {
  let directory: string;
  let file: string;
  let other: string;
  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), "tug-config-"));
    file = join(directory, "config.json");
    other = join(directory, "auth.json");
  });
  afterEach(() => rm(directory, { recursive: true }));

  const find = (domain: string) =>
    findCredentials({ files: [file, other] }, { env: { PATH: `${directory}:${process.env.PATH}` } })(domain);
  const write = (config: unknown) =>
    writeFile(file, typeof config === "string" ? config : JSON.stringify(config));

  /** A helper program that answers `get` by what it reads. */
  async function helper(name: string, script: string) {
    const program = join(directory, `docker-credential-${name}`);
    await writeFile(program, `#!/bin/sh\nread server\n${script}\n`);
    await chmod(program, 0o755);
  }

  it("has nothing where there is no file", async () => {
    assert.equal(await find("docker.io"), undefined);
  });

  it("finds the default registry under Docker's name for it", async () => {
    await write({ auths: { "https://index.docker.io/v1/": { auth } } });
    assert.deepEqual(await find("docker.io"), me);
    assert.equal(await find("example.com"), undefined);
  });

  it("finds a registry by host and port, also in old spellings", async () => {
    await write({
      auths: { "https://example.com:5000/v1/": { auth }, "other.example": { identitytoken: "t" } },
    });
    assert.deepEqual(await find("example.com:5000"), me);
    assert.equal(await find("example.com"), undefined);
    assert.deepEqual(await find("other.example"), { identityToken: "t" });
  });

  it("takes an empty entry, as tools with a store write it, for nothing", async () => {
    await write({ auths: { "example.com": {} } });
    assert.equal(await find("example.com"), undefined);
  });

  it("asks the helper of the registry, then the store for all", async () => {
    await helper("one", `echo "{\\"Username\\": \\"$server\\", \\"Secret\\": \\"1\\"}"`);
    await helper("all", `echo '{"Username": "<token>", "Secret": "2"}'`);
    await write({ credsStore: "all", credHelpers: { "example.com": "one" } });
    assert.deepEqual(await find("example.com"), { username: "example.com", password: "1" });
    assert.deepEqual(await find("docker.io"), { identityToken: "2" });
  });

  it("goes on to the file when the store has nothing", async () => {
    await helper("none", `echo "credentials not found in native keychain"; exit 1`);
    await write({ credsStore: "none", auths: { "example.com": { auth } } });
    assert.deepEqual(await find("example.com"), me);
  });

  it("says what a failing helper said", async () => {
    await helper("bad", `echo "the keychain is locked"; exit 1`);
    await write({ credsStore: "bad" });
    const message = "cannot get credentials from docker-credential-bad: the keychain is locked";
    await assert.rejects(find("example.com"), { code: "CREDENTIALS_HELPER", message });
  });

  it("says so when a helper is not there, answers nonsense or has a name that is a path", async () => {
    await write({ credsStore: "missing" });
    await assert.rejects(find("example.com"), {
      code: "CREDENTIALS_HELPER",
      message: /docker-credential-missing/,
    });
    await helper("odd", "echo hello");
    await write({ credsStore: "odd" });
    await assert.rejects(find("example.com"), { code: "CREDENTIALS_HELPER", message: /not JSON/ });
    await write({ credsStore: "../../bin/sh" });
    await assert.rejects(find("example.com"), { code: "CREDENTIALS_HELPER", message: /not allowed/ });
  });

  it("refuses a helper that talks without end", async () => {
    await helper("loud", "exec yes");
    await write({ credsStore: "loud" });
    await assert.rejects(find("example.com"), { code: "CREDENTIALS_HELPER" });
  });

  it("names the place of what is wrong and quotes no secret", async () => {
    const cases: [unknown, RegExp][] = [
      ['{"auths": {"secret', /config\.json: it is not JSON \(line 1, column 12\)$/],
      [[], /config\.json: it is not an object/],
      [{ auths: 7 }, /config\.json#\/auths: it is not an object/],
      [{ auths: { "example.com": { auth: 7 } } }, /#\/auths\/example\.com: auth is not a text/],
      [{ auths: { "example.com": { auth: "c2VjcmV0" } } }, /auth is not base64 of user:password$/],
    ];
    for (const [config, message] of cases) {
      await write(config);
      await assert.rejects(find("example.com"), { code: "CREDENTIALS_FILE", message });
    }
  });

  it("takes the narrowest entry of containers' files, and the first file that has one", async () => {
    const entry = (name: string) => ({ auth: Buffer.from(`${name}:x`).toString("base64") });
    const auths = {
      "quay.io/team/app": entry("app"),
      "quay.io/team": entry("team"),
      "quay.io": entry("all"),
    };
    await writeFile(other, JSON.stringify({ auths: { ...auths, "docker.io": entry("hub") } }));
    const user = async (name: string) => {
      const found = await find(name);
      return found && "username" in found ? found.username : undefined;
    };
    assert.equal(await user("quay.io/team/app"), "app");
    assert.equal(await user("quay.io/team/application"), "team");
    assert.equal(await user("quay.io/other"), "all");
    assert.equal(await user("docker.io/library/debian"), "hub");
    await write({ auths: { "quay.io": { auth } } });
    assert.equal(await user("quay.io/team/app"), "me");
  });

  it("takes a text before all files", async () => {
    await write({ auths: { "a.example": { auth } } });
    const inline = JSON.stringify({ auths: { "a.example": { identitytoken: "t" } } });
    const source = findCredentials({ files: [file], inline });
    assert.deepEqual(await source("a.example"), { identityToken: "t" });
  });
});
