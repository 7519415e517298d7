import assert from "node:assert/strict";
import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { readdir, readFile } from "node:fs/promises";
import { connect } from "node:net";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { test } from "node:test";
import { promisify } from "node:util";
import {
  buildImage,
  buildIndex,
  debianProgram,
  dockerArchive,
  pushImage,
  requireRoot,
  serveTugRegistry,
  startRegistry,
  startTug,
  type TugInstance,
  temporaryDirectory,
  writeOciLayout,
} from "../environment/index.ts";

const skopeo = debianProgram("skopeo");
const umoci = debianProgram("umoci");
const docker = debianProgram("docker");
const skip = requireRoot();
const run = promisify(execFile);

const layers = [
  { entries: [{ path: "a", content: "a".repeat(300_000) }], compression: "gzip" },
  { entries: [{ path: "b", content: "b" }], compression: "zstd" },
] as const;
const image = buildImage({ layers });

const quietly = ["--insecure-policy", "copy", "--quiet", "--preserve-digests"];
const plainly = ["--src-tls-verify=false", "--dest-tls-verify=false"];

async function ok(tug: TugInstance, ...args: string[]): Promise<string> {
  const { code, stdout, stderr } = await tug.tug(args);
  assert.equal(code, 0, stdout + stderr);
  return stdout;
}

async function load(tug: TugInstance, name: string): Promise<void> {
  const loaded = await tug.tug(["load"], { input: dockerArchive({ "loaded:1": image }) });
  assert.equal(loaded.code, 0, loaded.stderr);
  await ok(tug, "tag", "loaded:1", name);
}

/** Digests of everything that is in a store. */
async function blobsOf({ data }: TugInstance): Promise<string[]> {
  return (await readdir(join(data, "content/blobs/sha256"))).sort();
}

test("two engines push to and pull from each other, and what is pushed can be run", { skip }, async () => {
  await using server = await startTug();
  await using client = await startTug();
  await using registry = await serveTugRegistry(server);
  const name = `${registry.host}/library/app:1`;
  await load(client, name);
  const pushed = await ok(client, "push", name);
  const digest = /^1: digest: (sha256:[0-9a-f]{64})/m.exec(pushed)?.[1];
  assert.match(await ok(client, "push", name), /Layer already exists/);
  assert.match(await ok(server, "images", "--digests"), new RegExp(`library/app +1 +${digest}`));
  const created = (await ok(server, "create", name, "/a")).trim();
  assert.equal((await ok(server, "cp", `${created}:/b`, "-")).includes("b"), true);
  await ok(client, "rmi", "-f", name, "loaded:1");
  await ok(client, "pull", name);
  await ok(client, "tag", name, `${registry.host}/other/app:2`);
  assert.match(await ok(client, "push", `${registry.host}/other/app:2`), /Mounted from library\/app/);
  await ok(server, "rm", created);
  assert.match(await ok(server, "rmi", name), /Untagged: .*library\/app:1/);
  assert.equal((await client.tug(["pull", name])).code, 1);
  await ok(client, "pull", `${registry.host}/other/app:2`);
  await ok(server, "image", "prune", "-a", "-f");
  await ok(client, "rmi", "-f", `${registry.host}/other/app:2`);
  await ok(client, "pull", `${registry.host}/other/app@${digest}`);
  await ok(server, "rmi", `${registry.host}/other/app:2`);
  assert.match(await ok(server, "system", "check"), /nothing is wrong/);
});

test("an image of the store is served under the registry's name", {
  skip: skip || skopeo.skip || umoci.skip,
}, async () => {
  await using tug = await startTug();
  await using directory = await temporaryDirectory();
  await using registry = await serveTugRegistry(tug, ["--name", "docker.io", "--read-only"]);
  await load(tug, "app:1");
  const host = new URL(registry.url).host;
  await run(skopeo.path, [
    ...quietly,
    ...plainly,
    `docker://${host}/library/app:1`,
    `oci:${directory.path}/layout:1`,
  ]);
  await run(umoci.path, ["unpack", "--image", `${directory.path}/layout:1`, join(directory.path, "bundle")]);
  assert.equal(await readFile(join(directory.path, "bundle/rootfs/b"), "utf8"), "b");
  const push = run(skopeo.path, [
    ...quietly,
    ...plainly,
    `oci:${directory.path}/layout:1`,
    `docker://${host}/library/app:2`,
  ]);
  await assert.rejects(push, /read-only/);
});

for (const format of ["oci", "docker"] as const) {
  test(`skopeo gets the same bytes of an index of the form ${format} that were sent`, {
    skip: skip || skopeo.skip,
  }, async () => {
    await using tug = await startTug();
    await using directory = await temporaryDirectory();
    await using registry = await serveTugRegistry(tug);
    const platforms = ["amd64", "arm64"].map((architecture) =>
      buildImage({ layers: [{ ...layers[0] }], architecture, format }),
    );
    const index = buildIndex(platforms, format);
    const [target, back] = [`docker://${registry.host}/team/many:1`, `${directory.path}/back`];
    if (format === "oci") {
      await writeOciLayout(directory.path, { many: index });
      await run(skopeo.path, [...quietly, ...plainly, "--all", `oci:${directory.path}:many`, target]);
    } else await pushImage(registry.url, "team/many:1", { image: index, headers: {} });
    await run(skopeo.path, [...quietly, ...plainly, "--all", target, `dir:${back}`]);
    assert.deepEqual(await readFile(join(back, "manifest.json")), index.blobs.get(index.manifest.digest));
    assert.deepEqual(
      await blobsOf(tug),
      [...index.blobs.keys(), ...(await helloBlobs(tug))].map((each) => each.replace("sha256:", "")).sort(),
    );
    const inspected = await run(skopeo.path, ["inspect", "--tls-verify=false", target]);
    assert.deepEqual(JSON.parse(inspected.stdout).RepoTags, ["1"]);
    await run(skopeo.path, ["delete", "--tls-verify=false", target]);
    await assert.rejects(run(skopeo.path, ["inspect", "--tls-verify=false", target]));
  });
}

/** Digests of what every store has. */
async function helloBlobs(tug: TugInstance): Promise<string[]> {
  const tree = await ok(tug, "image", "tree", "--format", "json", "tug/hello");
  return [...new Set(tree.match(/sha256:[0-9a-f]{64}/g) ?? [])];
}

test("the stock client pushes to another engine's registry and pulls from it", {
  skip: skip || docker.skip,
}, async () => {
  await using server = await startTug();
  await using client = await startTug();
  await using registry = await serveTugRegistry(server);
  const name = `${registry.host}/stock:1`;
  await load(client, name);
  const env = { HOME: client.directory, DOCKER_HOST: `unix://${join(client.run, "tug.sock")}` };
  for (const words of [
    ["push", name],
    ["rmi", "-f", name, "loaded:1"],
    ["pull", name],
  ]) {
    const child = spawn(docker.path, words, { env, stdio: ["ignore", "pipe", "pipe"] });
    const closed = new Promise((resolve) => child.once("close", resolve));
    const [stdout, stderr] = await Promise.all([text(child.stdout), text(child.stderr)]);
    assert.equal(await closed, 0, stdout + stderr);
  }
  assert.match(await ok(server, "images"), /stock +1 /);
});

test("an engine pushes to and pulls from its own registry", { skip }, async () => {
  await using tug = await startTug();
  await using registry = await serveTugRegistry(tug);
  await load(tug, `${registry.host}/own:1`);
  await ok(tug, "push", `${registry.host}/own:1`);
  await ok(tug, "pull", `${registry.host}/own:1`);
  await ok(tug, "rmi", `${registry.host}/own:1`, "loaded:1");
  assert.deepEqual(await blobsOf(tug), (await helloBlobs(tug)).map((each) => each.slice(7)).sort());
});

test("an engine that is killed in the middle of a push leaves nothing of it, and the push can be done again", {
  skip,
}, async () => {
  await using server = await startTug();
  await using client = await startTug();
  await using registry = await serveTugRegistry(server);
  const begun = await fetch(`${registry.url}/v2/app/blobs/uploads/`, { method: "POST" });
  const location = begun.headers.get("location") ?? "";
  const socket = connect(Number(new URL(registry.url).port), "127.0.0.1");
  socket.on("error", () => {});
  socket.write(`PATCH ${location} HTTP/1.1\r\nHost: x\r\nContent-Length: 100000\r\n\r\n${"x".repeat(5000)}`);
  const ingests = join(server.data, "content/ingest");
  assert.equal((await readdir(ingests)).length, 1);
  await server.stopEngine("SIGKILL");
  assert.notEqual(await registry.stop("SIGTERM"), 0);
  await using again = await serveTugRegistry(server, ["--listen", registry.host]);
  assert.deepEqual(await readdir(ingests), []);
  assert.equal((await fetch(new URL(location, again.url), { method: "PATCH" })).status, 404);
  await load(client, `${again.host}/app:1`);
  await ok(client, "push", `${again.host}/app:1`);
  assert.match(await ok(server, "images"), /\/app +1 /);
  assert.match(await ok(server, "system", "check"), /nothing is wrong/);
});

test("a mirror of Debian's registry goes on when that has ended, and what it has can be used", {
  skip: skip || debianProgram("docker-registry").skip || skopeo.skip,
}, async () => {
  await using server = await startTug();
  await using client = await startTug();
  await using origin = await startRegistry();
  await using mirror = await serveTugRegistry(server, ["--mirror", `http://${origin.host}`]);
  const host = new URL(mirror.url).host;
  await origin.push("team/app:1", image);
  await ok(client, "pull", `${host}/team/app:1`);
  await ok(client, "rmi", `${host}/team/app:1`);
  await origin[Symbol.asyncDispose]();
  await ok(client, "pull", `${host}/team/app:1`);
  await run(skopeo.path, ["inspect", "--tls-verify=false", `docker://${host}/team/app:1`]);
  assert.match(await ok(server, "images"), new RegExp(`${origin.host}/team/app +1 `));
  await ok(server, "create", `${origin.host}/team/app:1`, "/a");
  const push = await client.tug(["push", `${host}/team/app:1`]);
  assert.match(push.stderr, /read-only/);
});

test("Ctrl-C ends the registry and nothing else", { skip }, async () => {
  await using tug = await startTug();
  await using registry = await serveTugRegistry(tug);
  const socket = connect(Number(new URL(registry.url).port), "127.0.0.1");
  await once(socket, "connect");
  socket.on("error", () => {});
  const closed = new Promise((resolve) => socket.once("close", resolve));
  await registry.stop("SIGINT");
  await closed;
  await assert.rejects(fetch(`${registry.url}/v2/`));
  await ok(tug, "images");
  assert.match(registry.log(), /^registry 127\.0\.0\.1:\d+ listens at http:\/\/127\.0\.0\.1:\d+/);
});
