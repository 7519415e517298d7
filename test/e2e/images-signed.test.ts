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
  const ok = async (...args: string[]) => {
    const env = { COSIGN_PASSWORD: "secret" };
    const { code, stdout, stderr } = await tug.tug(args, { cwd: tug.directory, env });
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

  /** A policy of skopeo that takes what the key has signed as it says. */
  const policyOf = async (key: string, signedIdentity?: object) => {
    const rule = { type: "sigstoreSigned", keyPath: file(key), ...(signedIdentity && { signedIdentity }) };
    const docker = { [registry.host]: [rule] };
    await writeFile(
      file("policy.json"),
      JSON.stringify({ default: [{ type: "reject" }], transports: { docker } }),
    );
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
});
