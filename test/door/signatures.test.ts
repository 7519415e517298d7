import assert from "node:assert/strict";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import type { Digest } from "../../src/base/index.ts";
import { makeGpgTestKey } from "../../src/signatures/testing/gpg-key.ts";
import { type CliBench, openCli, type RunOptions } from "./cli.ts";

const digest = `sha256:${"cd".repeat(32)}` as Digest;
const place = "docker://a.example/app:1";

describe("signing and verifying", () => {
  let directory: string;
  let cli: CliBench;
  const run = (line: string, options: RunOptions = {}) =>
    cli.run(line, { cwd: directory, env: { COSIGN_PASSWORD: "secret" }, ...options });
  const ok = async (line: string, options: RunOptions = {}) => {
    const { code, stdout, stderr } = await run(line, options);
    assert.deepEqual([code, stderr], [0, ""]);
    return stdout;
  };

  before(async () => {
    directory = await mkdtemp(join(tmpdir(), "tug-sign-"));
    cli = await openCli();
    await ok("image key generate");
    await ok("image key generate other");
  });
  after(async () => {
    await cli[Symbol.asyncDispose]();
    await rm(directory, { recursive: true });
  });

  it("an image has no signature before, and one afterwards, however often", async () => {
    const verify = `image verify --key cosign.pub ${place}`;
    const none = await run(verify);
    assert.deepEqual([none.code, none.stderr], [1, `tug: cannot verify ${place}: it has no signature\n`]);
    const sign = `image sign --key cosign.key --creds me:pw --tls-verify=false ${place}`;
    assert.equal(await ok(sign), `Signed: a.example/app:1@${digest}\n`);
    assert.equal(await ok(sign), `Signed already: a.example/app:1@${digest}\n`);
    assert.equal(await ok(verify), `Verified: ${digest}, signed with cosign.pub as a.example/app:1\n`);
    const access = { auth: { username: "me", password: "pw" }, insecure: true, daemon: undefined };
    const signing = cli.engine.images.remoteCalls.filter(([call]) => call === "sign");
    assert.deepEqual(signing, [["sign", place, access]]);
  });

  it("what was signed can be read by programs, with what the signer added", async () => {
    await ok(`image sign --key cosign.key -a by=me ${place}`);
    const claims = JSON.parse(await ok(`image verify --key cosign.pub --format json ${place}`));
    const [first] = claims.filter(({ Optional }: { Optional: object }) => "by" in Optional);
    assert.deepEqual(first, { Name: "a.example/app:1", Digest: digest, Optional: { by: "me" } });
  });

  it("a signature of another key, or under another name, is none", async () => {
    await ok(`image sign --key cosign.key ${place}2`);
    const wrongKey = await run(`image verify --key other.pub ${place}2`);
    assert.equal(
      wrongKey.stderr,
      `tug: cannot verify ${place}2: its signature was not made with other.pub\n`,
    );
    const wrongName = await run(`image verify --key cosign.pub --name debian ${place}2`);
    assert.equal(
      wrongName.stderr,
      `tug: cannot verify ${place}2: cosign.pub has signed it under another name: "a.example/app:12"\n`,
    );
    await ok(`image sign --key cosign.key --name debian ${place}2`);
    assert.match(
      await ok(`image verify --key cosign.pub --name docker.io/library/debian:13 ${place}2`),
      /as docker/,
    );
  });

  it("a name that was signed does not reach the terminal's controls", async () => {
    await ok(`image sign --key cosign.key --name a.example/app:\u001b[2J ${place}3`);
    assert.equal(
      await ok(`image verify --key cosign.pub ${place}3`),
      `Verified: ${digest}, signed with cosign.pub as a.example/app:\ufffd[2J\n`,
    );
  });

  it("an image without a name is signed under one that is given", async () => {
    const nameless = await run("image sign --key cosign.key oci:layout");
    assert.deepEqual(
      [nameless.code, nameless.stderr],
      [1, "tug: cannot sign oci:layout: it has no name there\ngive one with --name\n"],
    );
    assert.match(
      await ok("image sign --key cosign.key --name app oci:layout"),
      /docker\.io\/library\/app:latest@/,
    );
    assert.match(
      await ok("image verify --key cosign.pub oci:layout"),
      /as docker\.io\/library\/app:latest$/m,
    );
  });

  it("the password comes from a file, from the environment, or from whoever is there", async () => {
    await writeFile(join(directory, "password"), "secret\n");
    const sign = `image sign --key cosign.key ${place}3`;
    assert.match(await ok(`${sign} --password-file password`, { env: {} }), /^Signed: /);
    assert.match(await ok(`${sign} --password-file -`, { env: {}, input: "secret\n" }), /^Signed already: /);
    const wrong = await run(sign, { env: { COSIGN_PASSWORD: "" } });
    assert.match(wrong.stderr, /cannot decrypt private key cosign\.key: the password is another one/);
    const nobody = await run(sign, { env: {} });
    assert.match(
      nobody.stderr,
      /the input is no terminal\nuse --password-file, or the variable COSIGN_PASSWORD\n$/,
    );
    const terminal = { height: 24, width: 80 };
    const asked = await run(sign, { env: {}, terminal, input: "secret\r" });
    assert.match(asked.stdout, /Signed already: /);
    const twice = await run("image key generate asked", { env: {}, terminal, input: "one\rone\r" });
    assert.equal(twice.code, 0, twice.stderr);
    const different = await run("image key generate never", { env: {}, terminal, input: "one\rtwo\r" });
    assert.match(different.stdout + different.stderr, /the second one is another/);
    await assert.rejects(readFile(join(directory, "never.key")), { code: "ENOENT" });
  });

  it("GPG signatures are asked for where they are verified, and no others", async () => {
    const key = makeGpgTestKey();
    await writeFile(join(directory, "my.gpg"), key.publicKey());
    const name = "a.example/app:4";
    const { payload } = key.sign({ name, digest, optional: {} });
    await cli.engine.ports.images.remote.sign(
      `docker://${name}`,
      { signature: { payload, signature: "" }, access: {} },
      AbortSignal.timeout(60_000),
    );
    assert.equal(
      await ok(`image verify --gpg-key my.gpg docker://${name}`),
      `Verified: ${digest}, signed with my.gpg as ${name}\n`,
    );
    await run(`image verify --key cosign.pub docker://${name}`);
    const asked = cli.engine.images.remoteCalls.filter(([call]) => call === "signatures").slice(-2);
    assert.deepEqual(
      asked.map(([, , access]) => (access as { form?: string }).form),
      ["gpg", "cosign"],
    );
  });

  it("keys that are there are not written over, and half a pair does not stay", async () => {
    const before = await readFile(join(directory, "cosign.key"), "utf8");
    const again = await run("image key generate");
    assert.match(again.stderr, /cannot write .*cosign\.key: EEXIST/);
    assert.equal(await readFile(join(directory, "cosign.key"), "utf8"), before);
    await writeFile(join(directory, "half.pub"), "");
    assert.match((await run("image key generate half")).stderr, /half\.pub: EEXIST/);
    await assert.rejects(readFile(join(directory, "half.key")), { code: "ENOENT" });
  });

  it("what is no key is said to be none", async () => {
    for (const [line, message] of [
      [`image sign ${place}`, /--key or --sign-by says with which private key/],
      [`image verify ${place}`, /--key or --gpg-key says with which public key/],
      [
        `image sign --key cosign.pub ${place}`,
        /it holds "PUBLIC KEY" where "ENCRYPTED COSIGN PRIVATE KEY" should be/,
      ],
      [
        `image verify --key cosign.key ${place}`,
        /it holds "ENCRYPTED COSIGN PRIVATE KEY" where "PUBLIC KEY" should be/,
      ],
      [`image sign --key a --sign-by b ${place}`, /--key and --sign-by exclude each other/],
      [`image verify --key a --gpg-key b ${place}`, /--key and --gpg-key exclude each other/],
      [
        `image verify --gpg-key cosign.pub ${place}`,
        /cannot use the GPG keys cosign\.pub: it holds no OpenPGP keys/,
      ],
      [`image verify --gpg-key none.gpg ${place}`, /cannot read .*none\.gpg: no such file or directory/],
      [`image verify --key /dev/null ${place}`, /cannot read \/dev\/null: it is no regular file/],
      [`image verify --key password ${place}`, /it is no PEM file with one key/],
      [`image verify --key none.pub ${place}`, /cannot read .*none\.pub: no such file or directory/],
      [`image verify --key cosign.pub docker://a.example/missing`, /it is not there/],
    ] as const) {
      const { code, stderr } = await run(line);
      assert.notEqual(code, 0);
      assert.match(stderr, message);
    }
  });
});
