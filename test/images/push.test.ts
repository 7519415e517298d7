import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer, request as httpRequest } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { Readable } from "node:stream";
import { test } from "node:test";
import {
  type BuiltImage,
  buildImage,
  buildIndex,
  debianProgram,
  ociArchive,
  type Registry,
  startRegistry,
} from "../environment/index.ts";
import { openStore, requireHelper, run, type TestStore } from "./store.ts";

const server = debianProgram("docker-registry");
const skopeo = debianProgram("skopeo");
const skip = requireHelper() || server.skip;
const user = { username: "user", password: "secret" };

const layers = [
  { entries: [{ path: "a", content: "a".repeat(200_000) }], compression: "none" },
  { entries: [{ path: "b", content: "b" }], compression: "gzip" },
  { entries: [{ path: "c", content: "c" }], compression: "zstd" },
] as const;

/** What the registry serves under a name. */
async function manifestOf({ url }: Registry, name: string, tag: string, authorization = ""): Promise<Buffer> {
  const accept = "application/vnd.oci.image.index.v1+json, application/vnd.oci.image.manifest.v1+json";
  const headers = {
    accept: `${accept}, application/vnd.docker.distribution.manifest.list.v2+json, application/vnd.docker.distribution.manifest.v2+json`,
    ...(authorization !== "" && { authorization }),
  };
  const answer = await fetch(`${url}/v2/${name}/manifests/${tag}`, { headers });
  assert.equal(answer.status, 200);
  return Buffer.from(await answer.arrayBuffer());
}

/** An image of the store under a name. */
async function loadAs(store: TestStore, name: string, image: BuiltImage): Promise<void> {
  await store.images.load(Readable.from([ociArchive({ "docker.io/library/loaded:1": image })]));
  await store.images.tag("loaded:1", name);
}

for (const format of ["oci", "docker"] as const) {
  test(`an image in ${format} form goes to a registry and comes back through skopeo with equal digests`, {
    skip: skip || skopeo.skip,
  }, async () => {
    await using registry = await startRegistry();
    await using store = await openStore();
    // skopeo does not know zstd in Docker's form.
    const image = buildImage({ layers: format === "oci" ? layers : layers.slice(0, 2), format });
    await loadAs(store, `${registry.host}/x/pushed:1`, image);
    const pushed = await store.images.push(`${registry.host}/x/pushed:1`);
    assert.equal(pushed.digest, image.manifest.digest);
    assert.deepEqual(await manifestOf(registry, "x/pushed", "1"), image.blobs.get(image.manifest.digest));
    const target = join(store.path, "copied");
    await run(skopeo.path, [
      ...["--insecure-policy", "copy", "--quiet", "--preserve-digests", "--src-tls-verify=false"],
      ...[`docker://${registry.host}/x/pushed:1`, `dir:${target}`],
    ]);
    await using second = await openStore();
    const { image: pulled } = await second.images.pull(`${registry.host}/x/pushed:1`);
    assert.equal(pulled.manifest.digest, image.manifest.digest);
  });
}

test("an index goes to a registry whole, and skopeo finds each image in it", {
  skip: skip || skopeo.skip,
}, async () => {
  await using registry = await startRegistry();
  await using store = await openStore();
  const images = ["amd64", "arm64"].map((architecture) => buildImage({ layers, architecture }));
  const index = buildIndex(images);
  await registry.push("many:1", index);
  for (const architecture of ["arm64", "amd64"]) {
    await store.images.pull(`${registry.host}/many:1`, { platform: { os: "linux", architecture } });
  }
  await store.images.tag(`${registry.host}/many:1`, `${registry.host}/again:2`);
  const { digest } = await store.images.push(`${registry.host}/again:2`);
  assert.equal(digest, index.manifest.digest);
  const { stdout } = await run(skopeo.path, [
    ...["--insecure-policy", "inspect", "--raw", "--tls-verify=false"],
    `docker://${registry.host}/again:2`,
  ]);
  assert.equal(stdout, String(index.blobs.get(index.manifest.digest)));
  assert.match(registry.log(), /POST.*mount=/);
});

test("a registry that wants a password gets it, and refuses a wrong one", { skip }, async () => {
  await using registry = await startRegistry({ password: true });
  await using store = await openStore();
  const name = `${registry.host}/private:1`;
  const image = buildImage({ layers });
  await loadAs(store, name, image);
  await assert.rejects(store.images.push(name), { code: "IMAGE_REGISTRY_UNAUTHORIZED" });
  const wrong = { ...user, password: "wrong" };
  await assert.rejects(store.images.push(name, { credentials: wrong }), {
    code: "IMAGE_REGISTRY_UNAUTHORIZED",
  });
  await store.images.push(name, { credentials: user });
  const basic = `Basic ${btoa("user:secret")}`;
  assert.deepEqual(await manifestOf(registry, "private", "1", basic), image.blobs.get(image.manifest.digest));
});

test("a blob in pieces is the same blob", { skip }, async () => {
  await using registry = await startRegistry();
  await using refusing = await startRefusing(registry);
  await using store = await openStore({ chunkSize: 64 * 1024 });
  const image = buildImage({ layers });
  await loadAs(store, `${refusing.host}/pieces:1`, image);
  await store.images.push(`${refusing.host}/pieces:1`);
  assert.deepEqual(await manifestOf(registry, "pieces", "1"), image.blobs.get(image.manifest.digest));
  assert.ok(refusing.patches() >= 4, String(refusing.patches()));
});

/** A proxy before a registry that takes no body of more than 64 KiB, as web servers in front of registries do. */
async function startRefusing(registry: Registry) {
  const limit = 64 * 1024;
  let patches = 0;
  const proxy = createServer((request, response) => {
    if (Number(request.headers["content-length"] ?? 0) > limit) {
      response.writeHead(413).end();
      request.resume();
      return;
    }
    if (request.method === "PATCH") patches += 1;
    const { method, url, headers } = request;
    const onward = httpRequest(new URL(url ?? "", registry.url), { method, headers }, (answer) => {
      response.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.pipe(response);
    });
    request.pipe(onward);
  });
  proxy.listen(0, "127.0.0.1");
  await once(proxy, "listening");
  return {
    host: `127.0.0.1:${(proxy.address() as AddressInfo).port}`,
    patches: () => patches,
    async [Symbol.asyncDispose]() {
      proxy.closeAllConnections();
      proxy.close();
      await once(proxy, "close");
    },
  };
}
