import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer } from "node:http";
import { type AddressInfo, connect } from "node:net";
import { test } from "node:test";
import { sha256 } from "../../base/index.ts";
import { mediaTypes } from "../../specs/index.ts";
import { createRegistryClient } from "../registry/client.ts";
import { usualHost } from "../registry/hosts/usual-host.ts";
import { openTestImages, type TestImages } from "../testing/open-images.ts";
import { sampleImage } from "../testing/sample-image.ts";
import { serveTestRegistry, type TestRegistry } from "../testing/serve-registry.ts";

const image = sampleImage({ layers: [{ "etc/name": "sample" }, { large: "x".repeat(500_000) }] });
const newer = sampleImage({ layers: [{ "etc/name": "newer" }] });
const digest = sha256(JSON.stringify(image.manifest));

/** A registry, and a mirror of it with a store of its own. */
async function openMirror(test?: TestImages) {
  await using scope = new AsyncDisposableStack();
  const origin = scope.use(await serveTestRegistry());
  const mirror = scope.use(await serveTestRegistry({ mirror: origin.name }, test));
  const open = scope.move();
  return { origin, mirror, [Symbol.asyncDispose]: () => open.disposeAsync() };
}

/** Fetches all of an image, as clients do. */
async function pullThrough(mirror: TestRegistry, tag: string): Promise<string> {
  const manifest = await mirror.call("GET", `/v2/a/b/manifests/${tag}`);
  assert.equal(manifest.status, 200, manifest.body.toString());
  const { config, layers } = JSON.parse(manifest.body.toString());
  for (const each of [config, ...layers]) {
    const blob = await mirror.call("GET", `/v2/a/b/blobs/${each.digest}`);
    assert.deepEqual([blob.status, sha256(blob.body)], [200, each.digest]);
  }
  return manifest.headers["docker-content-digest"] ?? "";
}

const requestsFor = (registry: TestRegistry, path: string) =>
  registry.served.filter((each) => each.method === "GET" && each.path.includes(path)).length;

test("a mirror fetches what it has not, once, and what is whole becomes an image of the store", async () => {
  await using both = await openMirror();
  const { origin, mirror } = both;
  await origin.pushImage("a/b", image, "1");
  assert.equal(mirror.name, origin.name);
  assert.equal(await pullThrough(mirror, "1"), digest);
  assert.equal(await pullThrough(mirror, "1"), digest);
  for (const each of image.blobs.keys()) assert.equal(requestsFor(origin, each), 1, each);
  await mirror[Symbol.asyncDispose]();
});

test("what a mirror has is there when the other registry is not, and for the engine", async () => {
  await using images = await openTestImages();
  await using both = await openMirror(images);
  const { origin, mirror } = both;
  await origin.pushImage("a/b", image, "1");
  await pullThrough(mirror, "1");
  await origin.test.images.close();
  assert.equal(await pullThrough(mirror, "1"), digest);
  await images.images.collectGarbage();
  assert.equal(await pullThrough(mirror, digest), digest);
  assert.deepEqual((await mirror.call("GET", "/v2/a/b/tags/list")).json(), { name: "a/b", tags: ["1"] });
  assert.deepEqual((await images.images.check()).problems, []);
  const found = await images.images.resolve(`${origin.name}/a/b:1`);
  assert.equal(found.manifest.digest, digest);
  const failed = await mirror.call("GET", "/v2/a/other/manifests/1");
  assert.deepEqual([failed.status, failed.code], [502, "UNAVAILABLE"]);
  await images.images.prune({ all: true });
  assert.deepEqual((await images.contents()).blobs, []);
});

test("a tag of a mirror is what the other registry says", async () => {
  await using both = await openMirror();
  const { origin, mirror } = both;
  await origin.pushImage("a/b", image, "1");
  await pullThrough(mirror, "1");
  const moved = await origin.pushImage("a/b", newer, "1");
  assert.equal(await pullThrough(mirror, "1"), moved);
  assert.equal(await pullThrough(mirror, digest), digest);
  await origin.call("DELETE", "/v2/a/b/manifests/1");
  assert.equal((await mirror.call("GET", "/v2/a/b/manifests/1")).code, "MANIFEST_UNKNOWN");
});

test("of an index only what is asked for is fetched, and it is an image as soon as that is whole", async () => {
  await using images = await openTestImages();
  await using both = await openMirror(images);
  const { origin, mirror } = both;
  const arm = sampleImage({ architecture: "arm64", layers: [{ arm: "arm" }] });
  const manifests = [];
  for (const each of [image, arm]) {
    const own = await origin.pushImage("a/b", each);
    const size = JSON.stringify(each.manifest).length;
    manifests.push({
      mediaType: mediaTypes.manifest,
      digest: own,
      size,
      platform: { os: "linux", architecture: each.config.architecture },
    });
  }
  const index = { schemaVersion: 2, mediaType: mediaTypes.index, manifests };
  const whole = await origin.pushDocument("a/b", index, "many");
  const got = await mirror.call("GET", "/v2/a/b/manifests/many");
  assert.equal(got.headers["docker-content-digest"], whole);
  await images.images.collectGarbage();
  await assert.rejects(images.images.get(`${origin.name}/a/b:many`), { code: "IMAGE_NOT_FOUND" });
  await pullThrough(mirror, digest);
  await images.images.close();
  const found = await images.images.resolve(`${origin.name}/a/b:many`);
  assert.deepEqual([found.target.digest, found.manifest.digest], [whole, digest]);
  assert.equal(requestsFor(origin, arm.id), 0);
});

test("several clients get the same blob while it comes, which is fetched once", async () => {
  const large = Buffer.alloc(3_000_000, "y");
  let asked = 0;
  let finish = () => {};
  await using origin = await serveSlowly(large, (go) => {
    asked += 1;
    finish = go;
  });
  await using mirror = await serveTestRegistry({ mirror: origin.name });
  await mirror.call("GET", "/v2/a/b/manifests/1");
  const path = `/v2/a/b/blobs/${sha256(large)}`;
  assert.equal((await mirror.call("HEAD", path)).headers["content-length"], "3000000");
  const gone = connect(mirror.port, "127.0.0.1");
  gone.write(`GET ${path} HTTP/1.1\r\nHost: x\r\n\r\n`);
  await once(gone, "data");
  gone.destroy();
  const parts = [
    mirror.call("GET", path),
    mirror.call("GET", path, { headers: { range: "bytes=2999990-" } }),
  ];
  const first = await mirror.call("GET", path, { headers: { range: "bytes=0-9" } });
  assert.equal(first.body.toString(), "yyyyyyyyyy");
  finish();
  const [whole, last] = await Promise.all(parts);
  assert.ok(whole?.body.equals(large));
  assert.deepEqual([last?.status, last?.body.toString()], [206, "yyyyyyyyyy"]);
  assert.equal(asked, 1);
});

test("bytes with another digest are not given to their end, and not kept", async () => {
  const large = Buffer.alloc(300_000, "y");
  await using origin = await serveSlowly(large, (go) => go(Buffer.alloc(150_000, "z")));
  await using mirror = await serveTestRegistry({ mirror: origin.name });
  await mirror.call("GET", "/v2/a/b/manifests/1");
  await assert.rejects(mirror.call("GET", `/v2/a/b/blobs/${sha256(large)}`));
  const { blobs, ingests } = await mirror.test.contents();
  assert.deepEqual([blobs.includes(sha256(large).slice(7)), ingests], [false, []]);
});

test("a mirror gives nothing but what manifests list, and takes nothing", async () => {
  await using both = await openMirror();
  const { origin, mirror } = both;
  await origin.pushImage("a/b", image, "1");
  const blob = await origin.pushBlob("a/b", Buffer.from("not listed"));
  await mirror.call("GET", "/v2/a/b/manifests/1");
  assert.equal((await mirror.call("GET", `/v2/a/b/blobs/${blob}`)).code, "BLOB_UNKNOWN");
  assert.equal((await mirror.call("GET", "/v2/a/b/manifests/none")).code, "MANIFEST_UNKNOWN");
  assert.equal((await mirror.call("GET", "/v2/a/none/manifests/1")).code, "NAME_UNKNOWN");
  assert.equal((await mirror.call("GET", "/v2/a/none/tags/list")).code, "NAME_UNKNOWN");
  assert.deepEqual((await mirror.call("GET", "/v2/a/b/tags/list")).json(), { name: "a/b", tags: ["1"] });
  assert.equal((await mirror.call("POST", "/v2/a/b/blobs/uploads/")).status, 405);
  assert.equal((await mirror.call("DELETE", `/v2/a/b/manifests/${digest}`)).status, 405);
  assert.equal(
    (await mirror.call("GET", `/v2/a/b/referrers/${digest}`)).status,
    404,
    "clients ask for the tag then",
  );
  const named = await mirror.call("GET", `/v2/a/b/manifests/1?ns=${origin.name}`);
  assert.deepEqual([named.status, named.headers["oci-namespace"]], [200, origin.name]);
  assert.equal((await mirror.call("GET", "/v2/a/b/manifests/1?ns=quay.io")).code, "NAME_UNKNOWN");
});

test("an engine may pull through a mirror of its own", async () => {
  await using origin = await serveTestRegistry();
  await origin.pushImage("a/b", image, "1");
  const target = { port: 0 };
  using registry = createRegistryClient({
    delay: async () => {},
    hosts: async ({ path }) => [
      { ...usualHost({ domain: `127.0.0.1:${target.port}`, path }), isMirror: true },
      usualHost({ domain: origin.name, path }),
    ],
  });
  await using images = await openTestImages({ registry });
  await using mirror = await serveTestRegistry({ mirror: origin.name }, images);
  target.port = mirror.port;
  const pulled = await images.images.pull(`${origin.name}/a/b:1`);
  assert.equal(pulled.digest, digest);
  assert.equal(requestsFor(mirror, "/blobs/"), image.blobs.size);
  for (const each of image.blobs.keys()) assert.equal(requestsFor(origin, each), 1, each);
});

/** A registry with one image of one layer, which it begins to send and then waits with. */
async function serveSlowly(layer: Buffer, onAsked: (finish: (rest?: Buffer) => void) => void) {
  const descriptor = (mediaType: string, data: Buffer) => ({
    mediaType,
    digest: sha256(data),
    size: data.length,
  });
  const config = Buffer.from("{}");
  const manifest = JSON.stringify({
    schemaVersion: 2,
    mediaType: mediaTypes.manifest,
    config: descriptor(mediaTypes.empty, config),
    layers: [descriptor("application/octet-stream", layer)],
  });
  const server = createServer((request, response) => {
    if (request.url?.includes("/manifests/")) {
      response.writeHead(200, {
        "content-type": mediaTypes.manifest,
        "docker-content-digest": sha256(manifest),
        "content-length": manifest.length,
      });
      response.end(request.method === "HEAD" ? undefined : manifest);
      return;
    }
    response.writeHead(200, { "content-length": layer.length });
    response.write(layer.subarray(0, layer.length / 2));
    onAsked((rest = layer.subarray(layer.length / 2)) => response.end(rest));
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    name: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
}
