import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { appendFile, mkdir, readdir, readFile, rename, rm, symlink, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { promisify } from "node:util";
import { aloneRuntime, needsPodman, openPodman } from "../callers/harness/index.ts";
import {
  buildImage,
  debianProgram,
  type GpgHome,
  makeGpgHome,
  type Registry,
  requireGpg,
  requireRoot,
  startRegistry,
  startTug,
  type TugInstance,
} from "../environment/index.ts";

const server = debianProgram("docker-registry");
const skopeo = debianProgram("skopeo");
const run = promisify(execFile);

const images = ["a", "b"].map((content) => buildImage({ layers: [{ entries: [{ path: "a", content }] }] }));
const [image, second] = images as [(typeof images)[0], (typeof images)[0]];
const { digest } = image.manifest;

const skip = requireRoot() || requireGpg() || server.skip || skopeo.skip;

describe("GPG signatures, judged by skopeo and podman", { skip }, () => {
  const scope = new AsyncDisposableStack();
  let tug: TugInstance;
  let registry: Registry;
  let keys: GpgHome;
  const fingerprints: Record<string, string> = {};
  const file = (name: string) => join(tug.directory, name);
  const at = (name: string) => `docker://${registry.host}/${name}`;
  const attempt = (...args: string[]) => {
    const env = {
      ...keys.env,
      COSIGN_PASSWORD: "",
      LC_ALL: "C",
      TUG_POLICY: file("own-policy.json"),
      TUG_REGISTRIES_D: file("home/.config/containers/registries.d"),
    };
    return tug.tug(args, { cwd: tug.directory, env });
  };
  const ok = async (...args: string[]) => {
    const { code, stdout, stderr } = await attempt(...args);
    assert.equal(code, 0, stderr);
    return stdout;
  };
  const skopeoRun = (...args: string[]) =>
    run(skopeo.path, args, { env: { ...process.env, ...keys.env, HOME: file("home") } });
  const copy = (policy: readonly string[], ...args: string[]) =>
    skopeoRun(
      ...[...policy, "--tmpdir", tug.directory, "copy", "--quiet"],
      ...["--src-tls-verify=false", "--dest-tls-verify=false", ...args],
    );

  /** A policy that takes what a key has signed; other transports are as the registry. */
  const writePolicy = async (path: string, key: string, signedIdentity?: object) => {
    const keyPath = file(`${key}.gpg`);
    const rule = { type: "signedBy", keyType: "GPGKeys", keyPath, ...(signedIdentity && { signedIdentity }) };
    const transports = { docker: { [registry.host]: [rule] }, dir: { "": [rule] } };
    await writeFile(path, JSON.stringify({ default: [{ type: "reject" }], transports }));
  };
  const policyOf = async (key: string, signedIdentity?: object) => {
    await writePolicy(file("policy.json"), key, signedIdentity);
    return ["--policy", file("policy.json")];
  };
  const lookaside = (address: string, staging?: string) =>
    writeFile(
      file("home/.config/containers/registries.d/all.yaml"),
      `default-docker:\n  lookaside: ${address}\n${staging ? `  lookaside-staging: ${staging}\n` : ""}`,
    );
  const storage = () => `file://${file("storage")}`;
  /** Where the signatures of an image lie. */
  const place = (name: string, of = digest) => file(`storage/${name}@${of.replace(":", "=")}`);

  before(async () => {
    registry = scope.use(await startRegistry());
    tug = scope.use(await startTug());
    keys = scope.use(await makeGpgHome());
    await mkdir(file("home/.config/containers/registries.d"), { recursive: true });
    await lookaside(storage());
    await writeFile(
      file("own-policy.json"),
      JSON.stringify({ default: [{ type: "insecureAcceptAnything" }] }),
    );
    for (const [name, ...words] of [
      ["team"],
      ["other"],
      ["old", "--faked-system-time", "20200101T000000"],
    ] as const) {
      fingerprints[name] = await keys.makeKey(`${name}@tug.example`, ...words);
      await writeFile(file(`${name}.gpg`), await keys.gpg("--export", `${name}@tug.example`));
      await writeFile(file(`${name}.asc`), await keys.gpg("--armor", "--export", `${name}@tug.example`));
    }
  });
  after(() => scope.disposeAsync());

  it("skopeo takes what we signed, and nothing else", async () => {
    await registry.push("app:1", image);
    await registry.push("app:2", image);
    const target = `dir:${file("copied")}`;
    await assert.rejects(copy(await policyOf("team"), at("app:1"), target), /no signature exists/);
    const signing = ["image", "sign", "--sign-by", fingerprints.team as string, at("app:1")];
    assert.equal(await ok(...signing), `Signed: ${registry.host}/app:1@${digest}\n`);
    assert.equal(await ok(...signing), `Signed already: ${registry.host}/app:1@${digest}\n`);
    assert.deepEqual(await readdir(place("app")), ["signature-1"]);
    await copy(await policyOf("team"), at("app:1"), target);
    await copy(await policyOf("team", { type: "matchExact" }), at("app:1"), target);
    await assert.rejects(
      copy(await policyOf("other"), at("app:1"), target),
      /Invalid GPG signature|not accepted/,
    );
    await assert.rejects(copy(await policyOf("team"), at("app:2"), target), /app:1/);
    const manifest = file("manifest.json");
    await writeFile(manifest, image.blobs.get(digest) ?? "");
    const words = [
      manifest,
      `${registry.host}/app:1`,
      fingerprints.team as string,
      join(place("app"), "signature-1"),
    ];
    const { stdout } = await skopeoRun("standalone-verify", ...words);
    assert.match(stdout, /Signature verified/);
  });

  it("podman pulls what we signed, and nothing else", { skip: needsPodman() }, async () => {
    await registry.push("pod:1", image);
    const directory = file("podman");
    await mkdir(join(directory, "home/.config/containers/registries.d"), { recursive: true });
    const text = `default-docker:\n  lookaside: ${storage()}\n`;
    await writeFile(join(directory, "home/.config/containers/registries.d/all.yaml"), text);
    await symlink(keys.path, join(directory, "home/.gnupg"));
    const { podman } = await openPodman(directory, await aloneRuntime(directory));
    const pull = async (key: string) => {
      const [, policy = ""] = await policyOf(key);
      const words = ["--quiet", "--tls-verify=false", "--signature-policy", policy];
      return await podman.run(["pull", ...words, `${registry.host}/pod:1`]);
    };
    assert.match((await pull("team")).stderr, /no signature exists/);
    await ok("image", "sign", "--sign-by", "team@tug.example", at("pod:1"));
    assert.match((await pull("other")).stderr, /Invalid GPG signature|not accepted/);
    const pulled = await pull("team");
    assert.equal(pulled.code, 0, pulled.stderr);
    const trust = `[[registry]]\nlocation = "${registry.host}"\ninsecure = true\n`;
    await appendFile(join(directory, "registries.conf"), trust);
    const signing = ["image", "sign", "--sign-by", fingerprints.other as string, at("pod:1")];
    const signed = await podman.run(signing);
    assert.equal(signed.code, 0, signed.stderr);
    const line = await ok("image", "verify", "--gpg-key", "other.gpg", at("pod:1"));
    assert.match(line, /^Verified: .*\/pod:1\n$/);
  });

  it("subkeys sign for their key", async () => {
    await registry.push("sub:1", image);
    const split = await keys.makeKey("split@tug.example");
    await keys.gpg("--quick-add-key", split, "rsa2048", "sign", "never");
    await writeFile(file("split.gpg"), await keys.gpg("--export", split));
    await copy(["--insecure-policy"], "--sign-by", split, at("sub:1"), at("sub:2"));
    await ok("image", "verify", "--gpg-key", "split.gpg", at("sub:2"));
    // skopeo and podman before the autumn of 2025 take signatures of the key itself alone.
    await ok("image", "sign", "--sign-by", `${split}!`, at("sub:1"));
    await copy(await policyOf("split"), at("sub:1"), `dir:${file("sub")}`);
  });

  it("we take what skopeo signed, when it is verified, when it comes and when it runs", async () => {
    await registry.push("origin:1", image);
    await copy(
      ["--insecure-policy"],
      "--sign-by",
      fingerprints.team as string,
      at("origin:1"),
      at("theirs:1"),
    );
    const name = `${registry.host}/theirs:1`;
    for (const key of ["team.gpg", "team.asc"]) {
      const line = await ok("image", "verify", "--gpg-key", key, at("theirs:1"));
      assert.equal(line, `Verified: ${digest}, signed with ${key} as ${name}\n`);
    }
    await writePolicy(file("own-policy.json"), "other");
    const refused = await attempt("pull", name);
    assert.match(refused.stderr, /wants it signed: its signature was not made with .*other\.gpg/);
    await writePolicy(file("own-policy.json"), "team");
    const unsigned = await attempt("pull", `${registry.host}/origin:1`);
    assert.match(unsigned.stderr, /wants it signed: it has no signature/);
    await ok("pull", "-q", name);
    await ok("create", name, "x");
    // What let it in is kept with it: nobody has to be asked again.
    await rename(file("storage"), file("away"));
    await ok("create", name, "x");
    await rename(file("away"), file("storage"));
    await ok("tag", name, `${registry.host}/renamed:1`);
    const renamed = await attempt("create", `${registry.host}/renamed:1`, "x");
    assert.match(renamed.stderr, /has signed it under another name: ".*theirs:1"/);
    await writePolicy(file("own-policy.json"), "other");
    const later = await attempt("create", name, "x");
    assert.match(later.stderr, /cannot run .*its signature was not made with .*other\.gpg/);
  });

  it("copies are signed, and take their signatures along", async () => {
    await registry.push("source:1", image);
    await ok("image", "copy", "-q", "--sign-by", "team@tug.example", at("source:1"), at("target:1"));
    await copy(await policyOf("team"), at("target:1"), `dir:${file("target")}`);
    assert.match(
      await ok("image", "verify", "--gpg-key", "team.gpg", `dir:${file("target")}`),
      /^Verified: /,
    );
    await ok("image", "copy", "-q", "--signatures", at("target:1"), `dir:${file("ours")}`);
    const identity = { type: "exactReference", dockerReference: `${registry.host}/target:1` };
    await copy(
      await policyOf("team", identity),
      `dir:${file("ours")}`,
      `oci:${file("layout")}`,
      "--remove-signatures",
    );
    await assert.rejects(
      copy(
        await policyOf("other", identity),
        `dir:${file("ours")}`,
        `oci:${file("layout")}`,
        "--remove-signatures",
      ),
    );
    const nowhere = await attempt(
      "image",
      "sign",
      "--sign-by",
      "team@tug.example",
      "--name",
      "a/b:1",
      `oci:${file("layout")}`,
    );
    assert.match(nowhere.stderr, /cannot put a GPG signature into oci:.*: nobody would look for it there/);
  });

  it("signatures come from web servers, and those that are put elsewhere first are complete", async () => {
    await registry.push("web:1", image);
    const web = createServer(async (request, response) => {
      const data = await readFile(join(file("storage"), decodeURIComponent(request.url ?? ""))).catch(
        () => undefined,
      );
      response.writeHead(data === undefined ? 404 : 200).end(data);
    });
    await new Promise<void>((done) => web.listen(0, "127.0.0.1", done));
    try {
      const address = `http://127.0.0.1:${(web.address() as AddressInfo).port}`;
      await ok("image", "sign", "--sign-by", "other@tug.example", at("web:1"));
      await lookaside(address);
      await ok("image", "verify", "--gpg-key", "other.gpg", at("web:1"));
      const sign = ["image", "sign", "--sign-by", "team@tug.example", at("web:1")];
      const readOnly = await attempt(...sign);
      assert.match(readOnly.stderr, /cannot put a GPG signature beside .*: http:\/\/127.* can only be read/);
      await lookaside(address, `file://${file("staging")}`);
      await ok(...sign);
      const [directory = ""] = await readdir(file("staging"));
      assert.deepEqual((await readdir(file(`staging/${directory}`))).toSorted(), [
        "signature-1",
        "signature-2",
      ]);
      await lookaside(`file://${file("staging")}`);
      for (const key of ["team", "other"]) await copy(await policyOf(key), at("web:1"), `dir:${file("web")}`);
    } finally {
      web.close();
      web.closeAllConnections();
      await lookaside(storage());
    }
  });

  describe("both refuse", () => {
    const name = () => `${registry.host}/bad:1`;
    const payload = (changes: { name?: string; of?: string } = {}) =>
      JSON.stringify({
        critical: {
          identity: { "docker-reference": changes.name ?? name() },
          image: { "docker-manifest-digest": changes.of ?? digest },
          type: "atomic container signature",
        },
        optional: {},
      });
    const signed = async (text: string, ...words: string[]) => {
      await writeFile(file("text"), text);
      return await keys.gpg(...words, "--output", "-", "--sign", file("text"));
    };
    const by = (user: string) => ["--local-user", `${user}@tug.example`];
    for (const [what, make, key, reason] of [
      [
        "a key that has expired",
        () => signed(payload(), "--faked-system-time", "20200601T000000", ...by("old")),
        "old",
        /its signature does not count: its key [0-9A-F]{40} expired on 2020-12-31/,
      ],
      [
        "a key that is revoked",
        async () => {
          const fingerprint = await keys.makeKey("gone@tug.example");
          const data = await signed(payload(), ...by("gone"));
          const words = await readFile(join(keys.path, `openpgp-revocs.d/${fingerprint}.rev`), "utf8");
          await writeFile(file("revocation"), words.replace(":-----BEGIN", "-----BEGIN"));
          await keys.gpg("--import", file("revocation"));
          await writeFile(file("gone.gpg"), await keys.gpg("--export", fingerprint));
          return data;
        },
        "gone",
        /its signature does not count: its key [0-9A-F]{40} is revoked/,
      ],
      [
        "a signature of two keys",
        () => signed(payload(), ...by("team"), ...by("other")),
        "team",
        /its signature does not count: it is no message with one signature/,
      ],
      ["another key", () => signed(payload(), ...by("other")), "team", /its signature was not made with/],
      [
        "another image",
        () => signed(payload({ of: second.manifest.digest }), ...by("team")),
        "team",
        new RegExp(`has signed another image: ${second.manifest.digest}`),
      ],
      [
        "another name",
        () => signed(payload({ name: "evil.example/bad:1" }), ...by("team")),
        "team",
        /has signed it under another name: "evil\.example\/bad:1"/,
      ],
      [
        "something else that was signed",
        () => signed("{}", ...by("team")),
        "team",
        /cannot use what was signed: \/critical: /,
      ],
      [
        "a signature that is cut",
        async () => (await signed(payload(), ...by("team"), "--compress-algo", "none")).subarray(0, -9),
        "team",
        /its signature does not count: it ends too early/,
      ],
      [
        "a signature that was changed",
        async () => {
          const data = await signed(payload(), ...by("team"), "--compress-algo", "none");
          return Buffer.from(data.toString("latin1").replace("/bad:1", "/bad:2"), "latin1");
        },
        "team",
        /its signature does not count: it was changed/,
      ],
      [
        "a signature that unpacks to more than anybody means",
        () => signed(JSON.stringify({ x: "x".repeat(1e6) }), ...by("team")),
        "team",
        /its signature does not count: it unpacks to more than 65536 bytes/,
      ],
      ["no signature at all", async () => Buffer.alloc(0), "team", /its signature was not made with/],
    ] as const) {
      it(what, async () => {
        await registry.push("bad:1", image);
        await rm(place("bad"), { recursive: true, force: true });
        await mkdir(place("bad"), { recursive: true });
        await writeFile(join(place("bad"), "signature-1"), await make());
        await writePolicy(file("own-policy.json"), key);
        const pulled = await attempt("pull", name());
        assert.equal(pulled.code, 1);
        assert.match(pulled.stderr, reason);
        await assert.rejects(copy(await policyOf(key), at("bad:1"), `dir:${file("bad")}`));
      });
    }

    it("a file that is larger than any signature", async () => {
      await registry.push("large:1", image);
      await mkdir(place("large"), { recursive: true });
      await writeFile(join(place("large"), "signature-1"), Buffer.alloc(5 << 20, 0xff));
      await writePolicy(file("own-policy.json"), "team");
      const { stderr } = await attempt("pull", `${registry.host}/large:1`);
      assert.match(stderr, /cannot read the signature .*signature-1: it is larger than 131072 bytes/);
      await assert.rejects(copy(await policyOf("team"), at("large:1"), `dir:${file("large")}`));
    });
  });

  it("what one form needs is not asked of the other", async () => {
    await registry.push("forms:1", image);
    await ok("image", "sign", "--sign-by", "team@tug.example", at("forms:1"));
    await ok("image", "key", "generate");
    await lookaside("http://127.0.0.1:1/unreachable");
    try {
      await ok("image", "sign", "--key", "cosign.key", at("forms:1"));
      await ok("image", "verify", "--key", "cosign.pub", at("forms:1"));
      const { stderr } = await attempt("image", "verify", "--gpg-key", "team.gpg", at("forms:1"));
      assert.match(stderr, /cannot read the signature http:\/\/127\.0\.0\.1:1\/unreachable\/forms@sha256=/);
    } finally {
      await lookaside(storage());
    }
    await ok("image", "verify", "--gpg-key", "team.gpg", at("forms:1"));
    const other = await attempt("image", "verify", "--gpg-key", "other.gpg", at("forms:1"));
    assert.match(other.stderr, /cannot verify .*: its signature was not made with other\.gpg/);
  });

  it("a key with a password signs, if the password is right", async () => {
    await registry.push("locked:1", image);
    const locked = "locked@tug.example";
    await keys.gpg("--passphrase", "a secret", "--quick-generate-key", locked, "rsa2048", "sign", "never");
    await writeFile(file("locked.gpg"), await keys.gpg("--export", locked));
    await writeFile(file("password"), "a secret\n");
    await writeFile(file("wrong"), "another\n");
    const sign = (password: string) =>
      attempt("image", "sign", "--sign-by", locked, "--password-file", password, at("locked:1"));
    // The agent knows the password from the key's making.
    await promisify(execFile)("gpgconf", ["--homedir", keys.path, "--reload", "gpg-agent"]);
    const { code, stderr } = await sign("wrong");
    assert.equal(code, 1);
    assert.match(stderr, /cannot sign as locked@tug\.example: signing failed: Bad passphrase/);
    assert.equal((await sign("password")).code, 0);
    await copy(await policyOf("locked"), at("locked:1"), `dir:${file("locked")}`);
    const copied = ["image", "copy", "-q", "--sign-by", locked, "--sign-passphrase-file", "password"];
    const unnamed = await attempt(...copied, at("locked:1"), `dir:${file("unnamed")}`);
    assert.match(unnamed.stderr, /cannot sign dir:.*: it has no name there\n.*--sign-identity/);
    await ok(...copied, "--sign-identity", "a/b:1", at("locked:1"), `dir:${file("named")}`);
    const line = await ok("image", "verify", "--gpg-key", "locked.gpg", `dir:${file("named")}`);
    assert.match(line, /signed with locked\.gpg as docker\.io\/a\/b:1\n$/);
  });

  it("says what is wrong where gpg cannot sign", async () => {
    await registry.push("none:1", image);
    const missing = await attempt("image", "sign", "--sign-by", "nobody@tug.example", at("none:1"));
    assert.match(missing.stderr, /cannot sign as nobody@tug\.example: .*\n.*gpg --local-user/);
    const { stderr } = await tug.tug(["image", "sign", "--sign-by", "team@tug.example", at("none:1")], {
      env: { ...keys.env, PATH: tug.directory },
    });
    assert.match(stderr, /cannot sign as team@tug\.example: there is no program gpg/);
    const both = await attempt("image", "sign", "--key", "a", "--sign-by", "b", at("none:1"));
    assert.match(both.stderr, /--key and --sign-by exclude each other/);
  });
});
