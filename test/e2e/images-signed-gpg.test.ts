import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { appendFile, mkdir, readdir, readFile, rename, symlink, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { promisify } from "node:util";
import { aloneRuntime, needsPodman, openPodman } from "../callers/harness/index.ts";
import { type GpgBench, image, needsGpgBench, openGpgBench } from "./harness/gpg-bench.ts";

const { digest } = image.manifest;

describe("GPG signatures, judged by skopeo and podman", { skip: needsGpgBench() }, () => {
  let bench: GpgBench;
  before(async () => {
    bench = await openGpgBench();
  });
  after(() => bench[Symbol.asyncDispose]());

  it("skopeo takes what we signed, and nothing else", async () => {
    await bench.registry.push("app:1", image);
    await bench.registry.push("app:2", image);
    const target = `dir:${bench.file("copied")}`;
    await assert.rejects(
      bench.copy(await bench.policyOf("team"), bench.at("app:1"), target),
      /no signature exists/,
    );
    const signing = ["image", "sign", "--sign-by", bench.fingerprints.team as string, bench.at("app:1")];
    assert.equal(await bench.ok(...signing), `Signed: ${bench.registry.host}/app:1@${digest}\n`);
    assert.equal(await bench.ok(...signing), `Signed already: ${bench.registry.host}/app:1@${digest}\n`);
    assert.deepEqual(await readdir(bench.signaturesOf("app")), ["signature-1"]);
    await bench.copy(await bench.policyOf("team"), bench.at("app:1"), target);
    await bench.copy(await bench.policyOf("team", { type: "matchExact" }), bench.at("app:1"), target);
    await assert.rejects(
      bench.copy(await bench.policyOf("other"), bench.at("app:1"), target),
      /Invalid GPG signature|not accepted/,
    );
    await assert.rejects(bench.copy(await bench.policyOf("team"), bench.at("app:2"), target), /app:1/);
    const manifest = bench.file("manifest.json");
    await writeFile(manifest, image.blobs.get(digest) ?? "");
    const words = [
      manifest,
      `${bench.registry.host}/app:1`,
      bench.fingerprints.team as string,
      join(bench.signaturesOf("app"), "signature-1"),
    ];
    const { stdout } = await bench.skopeo("standalone-verify", ...words);
    assert.match(stdout, /Signature verified/);
  });

  it("podman pulls what we signed, and nothing else", { skip: needsPodman() }, async () => {
    await bench.registry.push("pod:1", image);
    const directory = bench.file("podman");
    await mkdir(join(directory, "home/.config/containers/registries.d"), { recursive: true });
    const text = `default-docker:\n  lookaside: file://${bench.file("storage")}\n`;
    await writeFile(join(directory, "home/.config/containers/registries.d/all.yaml"), text);
    await symlink(bench.keys.path, join(directory, "home/.gnupg"));
    const { podman } = await openPodman(directory, await aloneRuntime(directory));
    const pull = async (key: string) => {
      const [, policy = ""] = await bench.policyOf(key);
      const words = ["--quiet", "--tls-verify=false", "--signature-policy", policy];
      return await podman.run(["pull", ...words, `${bench.registry.host}/pod:1`]);
    };
    assert.match((await pull("team")).stderr, /no signature exists/);
    await bench.ok("image", "sign", "--sign-by", "team@tug.example", bench.at("pod:1"));
    assert.match((await pull("other")).stderr, /Invalid GPG signature|not accepted/);
    const pulled = await pull("team");
    assert.equal(pulled.code, 0, pulled.stderr);
    const trust = `[[registry]]\nlocation = "${bench.registry.host}"\ninsecure = true\n`;
    await appendFile(join(directory, "registries.conf"), trust);
    const signing = ["image", "sign", "--sign-by", bench.fingerprints.other as string, bench.at("pod:1")];
    const signed = await podman.run(signing);
    assert.equal(signed.code, 0, signed.stderr);
    const line = await bench.ok("image", "verify", "--gpg-key", "other.gpg", bench.at("pod:1"));
    assert.match(line, /^Verified: .*\/pod:1\n$/);
  });

  it("subkeys sign for their key", async () => {
    await bench.registry.push("sub:1", image);
    const split = await bench.keys.makeKey("split@tug.example");
    await bench.keys.gpg("--quick-add-key", split, "rsa2048", "sign", "never");
    await writeFile(bench.file("split.gpg"), await bench.keys.gpg("--export", split));
    await bench.copy(["--insecure-policy"], "--sign-by", split, bench.at("sub:1"), bench.at("sub:2"));
    await bench.ok("image", "verify", "--gpg-key", "split.gpg", bench.at("sub:2"));
    // skopeo and podman before the autumn of 2025 take signatures of the key itself alone.
    await bench.ok("image", "sign", "--sign-by", `${split}!`, bench.at("sub:1"));
    await bench.copy(await bench.policyOf("split"), bench.at("sub:1"), `dir:${bench.file("sub")}`);
  });

  it("we take what skopeo signed, when it is verified, when it comes and when it runs", async () => {
    await bench.registry.push("origin:1", image);
    await bench.copy(
      ["--insecure-policy"],
      "--sign-by",
      bench.fingerprints.team as string,
      bench.at("origin:1"),
      bench.at("theirs:1"),
    );
    const name = `${bench.registry.host}/theirs:1`;
    for (const key of ["team.gpg", "team.asc"]) {
      const line = await bench.ok("image", "verify", "--gpg-key", key, bench.at("theirs:1"));
      assert.equal(line, `Verified: ${digest}, signed with ${key} as ${name}\n`);
    }
    await bench.writePolicy(bench.file("own-policy.json"), "other");
    const refused = await bench.attempt("pull", name);
    assert.match(refused.stderr, /wants it signed: its signature was not made with .*other\.gpg/);
    await bench.writePolicy(bench.file("own-policy.json"), "team");
    const unsigned = await bench.attempt("pull", `${bench.registry.host}/origin:1`);
    assert.match(unsigned.stderr, /wants it signed: it has no signature/);
    await bench.ok("pull", "-q", name);
    await bench.ok("create", name, "x");
    // What let it in is kept with it: nobody has to be asked again.
    await rename(bench.file("storage"), bench.file("away"));
    await bench.ok("create", name, "x");
    await rename(bench.file("away"), bench.file("storage"));
    await bench.ok("tag", name, `${bench.registry.host}/renamed:1`);
    const renamed = await bench.attempt("create", `${bench.registry.host}/renamed:1`, "x");
    assert.match(renamed.stderr, /has signed it under another name: ".*theirs:1"/);
    await bench.writePolicy(bench.file("own-policy.json"), "other");
    const later = await bench.attempt("create", name, "x");
    assert.match(later.stderr, /cannot run .*its signature was not made with .*other\.gpg/);
  });

  it("copies are signed, and take their signatures along", async () => {
    await bench.registry.push("source:1", image);
    await bench.ok(
      "image",
      "copy",
      "-q",
      "--sign-by",
      "team@tug.example",
      bench.at("source:1"),
      bench.at("target:1"),
    );
    await bench.copy(await bench.policyOf("team"), bench.at("target:1"), `dir:${bench.file("target")}`);
    assert.match(
      await bench.ok("image", "verify", "--gpg-key", "team.gpg", `dir:${bench.file("target")}`),
      /^Verified: /,
    );
    await bench.ok("image", "copy", "-q", "--signatures", bench.at("target:1"), `dir:${bench.file("ours")}`);
    const identity = { type: "exactReference", dockerReference: `${bench.registry.host}/target:1` };
    await bench.copy(
      await bench.policyOf("team", identity),
      `dir:${bench.file("ours")}`,
      `oci:${bench.file("layout")}`,
      "--remove-signatures",
    );
    await assert.rejects(
      bench.copy(
        await bench.policyOf("other", identity),
        `dir:${bench.file("ours")}`,
        `oci:${bench.file("layout")}`,
        "--remove-signatures",
      ),
    );
    const nowhere = await bench.attempt(
      "image",
      "sign",
      "--sign-by",
      "team@tug.example",
      "--name",
      "a/b:1",
      `oci:${bench.file("layout")}`,
    );
    assert.match(nowhere.stderr, /cannot put a GPG signature into oci:.*: nobody would look for it there/);
  });

  it("signatures come from web servers, and those that are put elsewhere first are complete", async () => {
    await bench.registry.push("web:1", image);
    const web = createServer(async (request, response) => {
      const data = await readFile(join(bench.file("storage"), decodeURIComponent(request.url ?? ""))).catch(
        () => undefined,
      );
      response.writeHead(data === undefined ? 404 : 200).end(data);
    });
    await new Promise<void>((done) => web.listen(0, "127.0.0.1", done));
    try {
      const address = `http://127.0.0.1:${(web.address() as AddressInfo).port}`;
      await bench.ok("image", "sign", "--sign-by", "other@tug.example", bench.at("web:1"));
      await bench.lookaside(address);
      await bench.ok("image", "verify", "--gpg-key", "other.gpg", bench.at("web:1"));
      const sign = ["image", "sign", "--sign-by", "team@tug.example", bench.at("web:1")];
      const readOnly = await bench.attempt(...sign);
      assert.match(readOnly.stderr, /cannot put a GPG signature beside .*: http:\/\/127.* can only be read/);
      await bench.lookaside(address, `file://${bench.file("staging")}`);
      await bench.ok(...sign);
      const [directory = ""] = await readdir(bench.file("staging"));
      assert.deepEqual((await readdir(bench.file(`staging/${directory}`))).toSorted(), [
        "signature-1",
        "signature-2",
      ]);
      await bench.lookaside(`file://${bench.file("staging")}`);
      for (const key of ["team", "other"])
        await bench.copy(await bench.policyOf(key), bench.at("web:1"), `dir:${bench.file("web")}`);
    } finally {
      web.close();
      web.closeAllConnections();
      await bench.lookaside();
    }
  });

  it("what one form needs is not asked of the other", async () => {
    await bench.registry.push("forms:1", image);
    await bench.ok("image", "sign", "--sign-by", "team@tug.example", bench.at("forms:1"));
    await bench.ok("image", "key", "generate");
    await bench.lookaside("http://127.0.0.1:1/unreachable");
    try {
      await bench.ok("image", "sign", "--key", "cosign.key", bench.at("forms:1"));
      await bench.ok("image", "verify", "--key", "cosign.pub", bench.at("forms:1"));
      const { stderr } = await bench.attempt("image", "verify", "--gpg-key", "team.gpg", bench.at("forms:1"));
      assert.match(stderr, /cannot read the signature http:\/\/127\.0\.0\.1:1\/unreachable\/forms@sha256=/);
    } finally {
      await bench.lookaside();
    }
    await bench.ok("image", "verify", "--gpg-key", "team.gpg", bench.at("forms:1"));
    const other = await bench.attempt("image", "verify", "--gpg-key", "other.gpg", bench.at("forms:1"));
    assert.match(other.stderr, /cannot verify .*: its signature was not made with other\.gpg/);
  });

  it("a key with a password signs, if the password is right", async () => {
    await bench.registry.push("locked:1", image);
    const locked = "locked@tug.example";
    await bench.keys.gpg(
      "--passphrase",
      "a secret",
      "--quick-generate-key",
      locked,
      "rsa2048",
      "sign",
      "never",
    );
    await writeFile(bench.file("locked.gpg"), await bench.keys.gpg("--export", locked));
    await writeFile(bench.file("password"), "a secret\n");
    await writeFile(bench.file("wrong"), "another\n");
    const sign = (password: string) =>
      bench.attempt("image", "sign", "--sign-by", locked, "--password-file", password, bench.at("locked:1"));
    // The agent knows the password from the key's making.
    await promisify(execFile)("gpgconf", ["--homedir", bench.keys.path, "--reload", "gpg-agent"]);
    const { code, stderr } = await sign("wrong");
    assert.equal(code, 1);
    assert.match(stderr, /cannot sign as locked@tug\.example: signing failed: Bad passphrase/);
    assert.equal((await sign("password")).code, 0);
    await bench.copy(await bench.policyOf("locked"), bench.at("locked:1"), `dir:${bench.file("locked")}`);
    const copied = ["image", "copy", "-q", "--sign-by", locked, "--sign-passphrase-file", "password"];
    const unnamed = await bench.attempt(...copied, bench.at("locked:1"), `dir:${bench.file("unnamed")}`);
    assert.match(unnamed.stderr, /cannot sign dir:.*: it has no name there\n.*--sign-identity/);
    await bench.ok(...copied, "--sign-identity", "a/b:1", bench.at("locked:1"), `dir:${bench.file("named")}`);
    const line = await bench.ok("image", "verify", "--gpg-key", "locked.gpg", `dir:${bench.file("named")}`);
    assert.match(line, /signed with locked\.gpg as docker\.io\/a\/b:1\n$/);
  });

  it("says what is wrong where gpg cannot sign", async () => {
    await bench.registry.push("none:1", image);
    const missing = await bench.attempt(
      "image",
      "sign",
      "--sign-by",
      "nobody@tug.example",
      bench.at("none:1"),
    );
    assert.match(missing.stderr, /cannot sign as nobody@tug\.example: .*\n.*gpg --local-user/);
    const { stderr } = await bench.tug.tug(
      ["image", "sign", "--sign-by", "team@tug.example", bench.at("none:1")],
      {
        env: { ...bench.keys.env, PATH: bench.tug.directory },
      },
    );
    assert.match(stderr, /cannot sign as team@tug\.example: there is no program gpg/);
    const both = await bench.attempt("image", "sign", "--key", "a", "--sign-by", "b", bench.at("none:1"));
    assert.match(both.stderr, /--key and --sign-by exclude each other/);
  });
});
