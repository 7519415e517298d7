import assert from "node:assert/strict";
import { chmod, lstat, mkdir, mkdtemp, readFile, rm, stat, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, it } from "node:test";
import { findCredentials } from "./find-credentials.ts";
import { forgetCredentials, keepCredentials } from "./keep-credentials.ts";

const me = { username: "me", password: "pass:word" };
const auth = Buffer.from("me:pass:word").toString("base64");

describe("kept credentials", () => {
  let directory: string;
  let file: string;
  let other: string;
  let env: { PATH: string };
  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), "tug-config-"));
    file = join(directory, "docker/config.json");
    other = join(directory, "auth.json");
    env = { PATH: join(directory, "bin") };
    await mkdir(env.PATH);
  });
  afterEach(() => rm(directory, { recursive: true }));

  const places = () => ({ files: [file, other] });
  const keep = (registry: string, credentials: Parameters<typeof keepCredentials>[1]["credentials"] = me) =>
    keepCredentials(places(), { registry, credentials }, { env });
  const forget = (registry: string) => forgetCredentials(places(), registry, { env });
  const find = (name: string) => findCredentials(places(), { env })(name);
  const read = async (path = file) => JSON.parse(await readFile(path, "utf8"));
  const write = async (config: object, path = file) => {
    await mkdir(join(path, ".."), { recursive: true });
    await writeFile(path, JSON.stringify(config));
  };

  /** A helper that keeps what it is told in a file beside it. */
  async function helper(name: string, isBroken = false) {
    const program = join(env.PATH, `docker-credential-${name}`);
    const script = isBroken
      ? 'echo "no keychain"; exit 1'
      : `case $1 in
         store) /bin/cat > "$0.kept" ;;
         erase) /bin/rm -f "$0.kept" ;;
         get) [ -f "$0.kept" ] || { echo "credentials not found in native keychain"; exit 1; }; /bin/cat "$0.kept" ;;
         esac`;
    await writeFile(program, `#!/bin/sh\n${script}\n`);
    await chmod(program, 0o755);
    return async () => JSON.parse(await readFile(`${program}.kept`, "utf8"));
  }

  it("are in the file, for its owner alone, where there is no helper", async () => {
    assert.deepEqual(await keep("example.com:5000"), { file });
    assert.deepEqual(await read(), { auths: { "example.com:5000": { auth } } });
    assert.equal((await stat(file)).mode & 0o777, 0o600);
    assert.equal((await stat(join(file, ".."))).mode & 0o777, 0o700);
    assert.deepEqual(await find("example.com:5000/a"), me);
  });

  it("leave everything else in the file as it is", async () => {
    await write({ auths: { "a.example": { auth } }, HttpHeaders: { X: "1" }, psFormat: "table" });
    await keep("docker.io");
    assert.deepEqual(await read(), {
      auths: { "a.example": { auth }, "https://index.docker.io/v1/": { auth } },
      HttpHeaders: { X: "1" },
      psFormat: "table",
    });
  });

  it("replace entries of the same registry in other spellings", async () => {
    await write({ auths: { "https://a.example/v1/": { auth: "old" }, "docker.io": { auth: "old" } } });
    await keep("a.example");
    await keep("docker.io");
    assert.deepEqual(Object.keys((await read()).auths), ["a.example", "https://index.docker.io/v1/"]);
  });

  it("are in the helper of the file, and no secret stays in the file", async () => {
    const kept = await helper("vault");
    await write({ credsStore: "vault", auths: { "a.example": { auth } } });
    assert.deepEqual(await keep("a.example"), { program: "docker-credential-vault" });
    assert.deepEqual(await kept(), { ServerURL: "a.example", Username: "me", Secret: "pass:word" });
    assert.deepEqual(await read(), { credsStore: "vault", auths: { "a.example": {} } });
    assert.deepEqual(await find("a.example"), me);
  });

  it("are in the helper of the registry, where there is one", async () => {
    const kept = await helper("one");
    await helper("all", true);
    await write({ credsStore: "all", credHelpers: { "a.example": "one" } });
    await keep("a.example", { identityToken: "t" });
    assert.deepEqual(await kept(), { ServerURL: "a.example", Username: "<token>", Secret: "t" });
    assert.deepEqual(await find("a.example"), { identityToken: "t" });
  });

  it("are in a helper that the machine has, which the file names from then on", async () => {
    await helper("secretservice", true);
    await helper("pass");
    await write({ psFormat: "table" });
    assert.deepEqual(await keep("a.example"), { program: "docker-credential-pass" });
    assert.deepEqual(await read(), { auths: { "a.example": {} }, psFormat: "table", credsStore: "pass" });
    assert.deepEqual(await find("a.example"), me);
  });

  it("are nowhere in clear text when the helper fails", async () => {
    await helper("secretservice", true);
    await assert.rejects(keep("a.example"), {
      code: "CREDENTIALS_HELPER",
      message: "cannot keep credentials in docker-credential-secretservice: no keychain",
    });
    await assert.rejects(read(), { code: "ENOENT" });
  });

  it("go through a link to the file that it leads to", async () => {
    const real = join(directory, "real.json");
    await write({}, real);
    await mkdir(join(file, ".."));
    await symlink(real, file);
    await keep("a.example");
    assert.ok((await lstat(file)).isSymbolicLink());
    assert.deepEqual(await read(real), { auths: { "a.example": { auth } } });
  });

  it("are forgotten in every spelling, by the helper too", async () => {
    await helper("vault");
    await write({ credsStore: "vault", auths: { "https://a.example/v2/": { auth }, "b.example": {} } });
    await keep("a.example");
    assert.deepEqual(await forget("a.example"), { wasThere: true, left: [] });
    assert.equal(await find("a.example"), undefined);
    assert.deepEqual(await read(), { credsStore: "vault", auths: { "b.example": {} } });
  });

  it("that another tool keeps elsewhere are named, not touched", async () => {
    await write({ auths: { "a.example": { auth } } }, other);
    assert.deepEqual(await forget("a.example"), { wasThere: false, left: [other] });
    assert.deepEqual(await find("a.example"), me);
  });

  it("cannot be where there can be no file", async () => {
    await writeFile(join(directory, "docker"), "");
    await assert.rejects(keep("a.example"), { code: "CREDENTIALS_FILE", message: /^cannot write / });
  });
});
