import assert from "node:assert/strict";
import { execFile, spawnSync } from "node:child_process";
import { mkdir, writeFile } from "node:fs/promises";
import { hostname } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { promisify } from "node:util";
import {
  buildImage,
  debianProgram,
  dockerArchive,
  requireRoot,
  serveTugRegistry,
  startTug,
  type TugInstance,
} from "../environment/index.ts";
import { until } from "./harness/index.ts";

const skopeo = debianProgram("skopeo");
const openssl = spawnSync("openssl", ["version"]).status === 0 ? false : "openssl is not installed";
const skip = requireRoot();
const run = promisify(execFile);
const image = buildImage({ layers: [{ entries: [{ path: "a", content: "a" }] }] });

/** The password is "secret". */
const users = "# ours\nme:$2y$05$abcdefghijklmnopqrstuuOQiyCxlgf/oeuTqixKmWdcYUh4Hjl0a\n";

async function load(tug: TugInstance, name: string): Promise<void> {
  const loaded = await tug.tug(["load"], { input: dockerArchive({ "loaded:1": image }) });
  assert.equal(loaded.code, 0, loaded.stderr);
  assert.equal((await tug.tug(["tag", "loaded:1", name])).code, 0);
}

test("a registry with users takes images from those who log in, and from nobody else", {
  skip: skip || skopeo.skip,
}, async () => {
  await using tug = await startTug();
  await writeFile(join(tug.directory, "users"), users);
  await using registry = await serveTugRegistry(tug, ["--users", join(tug.directory, "users")]);
  const home = { HOME: tug.directory, DOCKER_CONFIG: join(tug.directory, "docker") };
  const as = (args: string[], input = "") => tug.tug(args, { env: home, input });
  await load(tug, `${registry.host}/app:1`);
  const anonymous = await as(["push", `${registry.host}/app:1`]);
  assert.equal(anonymous.code, 1);
  assert.match(anonymous.stderr, /wants other credentials|a user and a password are needed|log in/);
  const wrong = await as(["login", "-u", "me", "--password-stdin", registry.host], "guess");
  assert.notEqual(wrong.code, 0);
  const right = await as(["login", "-u", "me", "--password-stdin", registry.host], "secret");
  assert.equal(right.stdout, "Login Succeeded\n", right.stderr);
  const pushed = await as(["push", `${registry.host}/app:1`]);
  assert.equal(pushed.code, 0, pushed.stderr);
  // Its lines come by another way than the answers.
  await until(registry.log, () => / me PUT \/v2\/app\/manifests\/1 201 /.test(registry.log()));
  const plain = ["inspect", "--tls-verify=false", `docker://${registry.host}/app:1`];
  await run(skopeo.path, [...plain, "--creds", "me:secret"]);
  await assert.rejects(run(skopeo.path, [...plain, "--creds", "me:wrong"]), /authentication|unauthorized/);
  assert.ok(!registry.log().includes("secret"));
});

test("a registry speaks https with the certificate that it is given", {
  skip: skip || openssl || skopeo.skip,
}, async () => {
  await using server = await startTug();
  await using client = await startTug();
  const file = (name: string) => join(server.directory, name);
  await run("openssl", [
    ...["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2"],
    ...["-keyout", file("key.pem"), "-out", file("cert.pem"), "-subj", "/CN=localhost"],
    ...["-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1"],
  ]);
  const tls = ["--tls-cert", file("cert.pem"), "--tls-key", file("key.pem")];
  await using registry = await serveTugRegistry(server, ["--listen", ":0", ...tls]);
  assert.equal(registry.host.split(":")[0], hostname());
  assert.match(registry.url, /^https:/);
  const host = `127.0.0.1:${new URL(registry.url).port}`;
  // Certificates of registries on a port are in directories of that name.
  const trust = file("certs.d");
  await mkdir(join(trust, host), { recursive: true });
  await run("cp", [file("cert.pem"), join(trust, host, "ca.crt")]);
  const source = join(server.directory, "layout");
  await load(client, "app:1");
  await run("sh", ["-c", `"$0" save app:1 > "$1"`, join(server.directory, "tug"), `${source}.tar`], {
    env: client.env,
  });
  const copy = [
    "--insecure-policy",
    "copy",
    "--quiet",
    `docker-archive:${source}.tar`,
    `docker://${host}/app:1`,
  ];
  await run(skopeo.path, [...copy, "--dest-cert-dir", join(trust, host)]);
  await assert.rejects(run(skopeo.path, copy), /certificate/);
  await assert.rejects(fetch(`http://${host}/v2/`));
  assert.match((await server.tug(["images"])).stdout, new RegExp(`${registry.host}/app +1 `));
});

test("what cannot be served is refused with a sentence", { skip }, async () => {
  await using tug = await startTug();
  const refusal = async (...args: string[]) => {
    const { code, stdout, stderr } = await tug.tug(["registry", "serve", ...args]);
    assert.deepEqual([code, stdout], [1, ""], args.join(" "));
    return stderr;
  };
  assert.match(await refusal("--listen", ":0"), /others could read along\n.*--plain-http/);
  assert.match(await refusal("--users", "/nowhere"), /cannot read \/nowhere/);
  assert.match(await refusal("--tls-key", "/nowhere"), /--tls-cert/);
  assert.match(await refusal("--name", "a b"), /no image can have that name/);
  await using registry = await serveTugRegistry(tug);
  assert.match(await refusal("--listen", registry.host), /the address is taken/);
});
