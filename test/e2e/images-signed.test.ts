import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdir, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { promisify } from "node:util";
import {
  buildImage,
  debianProgram,
  type Registry,
  requireRoot,
  startRegistry,
  startTug,
  type TugInstance,
} from "../environment/index.ts";

const server = debianProgram("docker-registry");
const skopeo = debianProgram("skopeo");
const run = promisify(execFile);

const image = buildImage({ layers: [{ entries: [{ path: "a", content: "a" }] }] });
const { digest } = image.manifest;

describe("signatures, judged by skopeo", { skip: requireRoot() || server.skip || skopeo.skip }, () => {
  const scope = new AsyncDisposableStack();
  let tug: TugInstance;
  let registry: Registry;
  const attempt = (...args: string[]) => {
    const env = { COSIGN_PASSWORD: "secret", TUG_POLICY: file("own-policy.json") };
    return tug.tug(args, { cwd: tug.directory, env });
  };
  const ok = async (...args: string[]) => {
    const { code, stdout, stderr } = await attempt(...args);
    assert.equal(code, 0, stderr);
    return stdout;
  };
  const file = (name: string) => join(tug.directory, name);
  const at = (name: string) => `docker://${registry.host}/${name}`;

  /** Copies an image with skopeo, which looks for signatures beside the images of this registry. */
  const copy = (policy: readonly string[], ...args: string[]) => {
    const settings = ["--registries.d", file("registries.d"), "--tmpdir", tug.directory];
    const trust = ["--src-tls-verify=false", "--dest-tls-verify=false"];
    return run(skopeo.path, [...policy, ...settings, "copy", "--quiet", ...trust, ...args]);
  };

  /** A policy that takes what the key has signed as it says. */
  const writePolicy = async (path: string, key: string, signedIdentity?: object) => {
    const rule = { type: "sigstoreSigned", keyPath: file(key), ...(signedIdentity && { signedIdentity }) };
    const docker = { [registry.host]: [rule] };
    await writeFile(path, JSON.stringify({ default: [{ type: "reject" }], transports: { docker } }));
  };
  const policyOf = async (key: string, signedIdentity?: object) => {
    await writePolicy(file("policy.json"), key, signedIdentity);
    return ["--policy", file("policy.json")];
  };

  before(async () => {
    registry = scope.use(await startRegistry());
    tug = scope.use(await startTug());
    await mkdir(file("registries.d"));
    await writeFile(
      file("registries.d/all.yaml"),
      `docker:\n  ${registry.host}:\n    use-sigstore-attachments: true\n`,
    );
    await writeFile(file("password"), "secret");
    await writeFile(
      file("own-policy.json"),
      JSON.stringify({ default: [{ type: "insecureAcceptAnything" }] }),
    );
    await ok("image", "key", "generate");
    await ok("image", "key", "generate", "other");
  });
  after(() => scope.disposeAsync());

  it("a private key is for its owner alone", async () => {
    assert.equal((await stat(file("cosign.key"))).mode & 0o777, 0o600);
  });

  it("skopeo takes what we signed, and nothing else", async () => {
    await registry.push("app:1", image);
    await registry.push("app:2", image);
    const target = `dir:${file("copied")}`;
    await assert.rejects(copy(await policyOf("cosign.pub"), at("app:1"), target), /no signature exists/);
    await ok("image", "sign", "--key", "cosign.key", at("app:1"));
    await copy(await policyOf("cosign.pub"), at("app:1"), target);
    await copy(await policyOf("cosign.pub", { type: "matchExact" }), at("app:1"), target);
    await assert.rejects(
      copy(await policyOf("other.pub"), at("app:1"), target),
      /invalid signature|cryptographic/,
    );
    await assert.rejects(copy(await policyOf("cosign.pub"), at("app:2"), target), /app:1/);
    await copy(await policyOf("cosign.pub", { type: "matchRepository" }), at("app:2"), target);
  });

  it("we verify what skopeo signed with a key of ours", async () => {
    await registry.push("theirs:1", image);
    const signing = ["--sign-by-sigstore-private-key", file("cosign.key")];
    const password = ["--sign-passphrase-file", file("password")];
    await copy(["--insecure-policy"], ...signing, ...password, at("theirs:1"), at("copied:2"));
    const line = await ok("image", "verify", "--key", "cosign.pub", at("copied:2"));
    assert.equal(line, `Verified: ${digest}, signed with cosign.pub as ${registry.host}/copied:2\n`);
    await ok("image", "sign", "--key", "other.key", at("copied:2"));
    await ok("image", "verify", "--key", "other.pub", at("copied:2"));
    await copy(await policyOf("cosign.pub"), at("copied:2"), `dir:${file("both")}`);
    await copy(await policyOf("other.pub"), at("copied:2"), `dir:${file("both")}`);
  });

  it("skopeo takes what we copied with its signatures", async () => {
    await registry.push("origin:1", image);
    await ok("image", "sign", "--key", "cosign.key", at("origin:1"));
    await ok("image", "copy", "-q", "--signatures", at("origin:1"), at("mirror:1"));
    const identity = { type: "exactRepository", dockerRepository: `${registry.host}/origin` };
    await copy(await policyOf("cosign.pub", identity), at("mirror:1"), `dir:${file("mirrored")}`);
    await ok("image", "verify", "--key", "cosign.pub", "--name", `${registry.host}/origin`, at("mirror:1"));
  });

  it("our policy takes what skopeo signed, when it comes and when it runs", async () => {
    await registry.push("unsigned:1", image);
    const signing = ["--sign-by-sigstore-private-key", file("cosign.key")];
    const password = ["--sign-passphrase-file", file("password")];
    await copy(["--insecure-policy"], ...signing, ...password, at("unsigned:1"), at("signed:1"));
    await writePolicy(file("own-policy.json"), "cosign.pub");
    const refused = await attempt("pull", `${registry.host}/unsigned:1`);
    assert.equal(refused.code, 1);
    assert.match(
      refused.stderr,
      /^tug: cannot pull .*: the policy .*\/0 wants it signed: it has no signature\n/m,
    );
    await ok("pull", "-q", `${registry.host}/signed:1`);
    await ok("create", `${registry.host}/signed:1`, "x");
    await ok("tag", `${registry.host}/signed:1`, "localhost/other:1");
    const renamed = await attempt("run", "localhost/other:1", "x");
    assert.equal(renamed.code, 125);
    assert.match(renamed.stderr, /cannot run localhost\/other:1: the policy .*#\/default\/0 rejects it/);
    const mount = (name: string) => ["--mount", `type=image,source=${name},target=/x`];
    const [admitted, other] = [`${registry.host}/signed:1`, "localhost/other:1"];
    await ok("create", ...mount(admitted), admitted, "x");
    const mounted = await attempt("create", ...mount(other), admitted, "x");
    assert.match(mounted.stderr, /cannot run localhost\/other:1: the policy .*#\/default\/0 rejects it/);
    await writePolicy(file("own-policy.json"), "other.pub");
    const unknown = await attempt("run", "--rm", `${registry.host}/signed:1`, "x");
    assert.match(unknown.stderr, /wants it signed: its signature was not made with .*other\.pub/);
    await writeFile(file("own-policy.json"), `{"default":[]}`);
    const broken = await attempt("create", `${registry.host}/signed:1`, "x");
    assert.match(broken.stderr, /cannot follow the policy .*own-policy\.json#\/default: /);
  });
});
