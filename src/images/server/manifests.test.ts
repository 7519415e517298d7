import assert from "node:assert/strict";
import { test } from "node:test";
import { sha256 } from "../../base/index.ts";
import { mediaTypes } from "../../specs/index.ts";
import { sampleImage } from "../testing/sample-image.ts";
import { serveTestRegistry, sha512, type TestRegistry } from "../testing/serve-registry.ts";

const image = sampleImage();
const arm = sampleImage({ architecture: "arm64", layers: [{ "etc/name": "arm" }] });
const text = JSON.stringify(image.manifest);
const digest = sha256(text);
const type = { "content-type": mediaTypes.manifest };
const path = (reference: string) => `/v2/a/b/manifests/${reference}`;

/** Sends an artifact of one small blob. */
async function pushArtifact(registry: TestRegistry, members: object = {}, tag?: string) {
  const blob = Buffer.from("{}");
  const descriptor = { mediaType: mediaTypes.empty, digest: sha256(blob), size: blob.length };
  await registry.pushBlob("a/b", blob);
  const manifest = {
    schemaVersion: 2,
    mediaType: mediaTypes.manifest,
    config: descriptor,
    layers: [descriptor],
  };
  return await registry.pushDocument("a/b", { ...manifest, ...members }, tag);
}

/** Sends an index of two images, each by its digest first. */
async function pushIndex(registry: TestRegistry, tag: string) {
  const manifests = [];
  for (const each of [image, arm]) {
    const own = await registry.pushImage("a/b", each);
    const size = JSON.stringify(each.manifest).length;
    const platform = { os: "linux", architecture: each.config.architecture };
    manifests.push({ mediaType: mediaTypes.manifest, digest: own, size, platform });
  }
  return await registry.pushDocument(
    "a/b",
    { schemaVersion: 2, mediaType: mediaTypes.index, manifests },
    tag,
  );
}

test("end-3 and end-7: a manifest is given back by tag and digest, byte for byte", async () => {
  await using registry = await serveTestRegistry();
  for (const data of image.blobs.values()) await registry.pushBlob("a/b", data);
  const put = await registry.call("PUT", path("1"), { body: text, headers: type });
  assert.deepEqual([put.status, put.headers.location], [201, path("1")]);
  assert.equal(put.headers["docker-content-digest"], digest);
  for (const reference of ["1", digest]) {
    const reply = await registry.call("GET", path(reference));
    assert.deepEqual([reply.status, reply.body.toString()], [200, text]);
    assert.equal(reply.headers["docker-content-digest"], digest);
    assert.equal(reply.headers["content-type"], mediaTypes.manifest);
    const head = await registry.call("HEAD", path(reference));
    assert.deepEqual([head.status, head.headers["content-length"]], [200, String(text.length)]);
  }
  const missing = await registry.call("GET", path("2"));
  assert.deepEqual([missing.status, missing.code], [404, "MANIFEST_UNKNOWN"]);
  assert.equal((await registry.call("GET", path(sha256("x")))).code, "MANIFEST_UNKNOWN");
  assert.equal((await registry.call("GET", "/v2/a/c/manifests/1")).code, "NAME_UNKNOWN");
});

test("end-7: what is malformed, incomplete or another one than announced is refused", async () => {
  await using registry = await serveTestRegistry();
  const put = async (body: string, reference = "1", headers: Record<string, string> = type) => {
    const { status, code } = await registry.call("PUT", path(reference), { body, headers });
    return [status, code];
  };
  assert.deepEqual(await put(text), [404, "MANIFEST_BLOB_UNKNOWN"]);
  for (const data of image.blobs.values()) await registry.pushBlob("a/b", data);
  const list = { "content-type": mediaTypes.index };
  assert.deepEqual(await put("{"), [400, "MANIFEST_INVALID"]);
  assert.deepEqual(await put("{}"), [400, "MANIFEST_INVALID"]);
  assert.deepEqual(await put(text, "1", list), [400, "MANIFEST_INVALID"]);
  assert.deepEqual(await put(text, "-x"), [400, "MANIFEST_INVALID"]);
  assert.deepEqual(await put(text, "x".repeat(129)), [400, "MANIFEST_INVALID"]);
  assert.deepEqual(await put(text, sha256("x")), [400, "DIGEST_INVALID"]);
  assert.deepEqual(await put(text, "sha256:x"), [400, "DIGEST_INVALID"]);
  assert.deepEqual(await put("x".repeat(4 * 1024 * 1024 + 1)), [413, "SIZE_INVALID"]);
  const config = { ...image.manifest.config, size: 1 };
  assert.deepEqual(await put(JSON.stringify({ ...image.manifest, config })), [400, "MANIFEST_INVALID"]);
  const schema1 = { "content-type": "application/vnd.docker.distribution.manifest.v1+json" };
  assert.deepEqual(await put('{"schemaVersion":1}', "1", schema1), [400, "MANIFEST_INVALID"]);
  assert.deepEqual((await registry.call("GET", "/v2/a/b/tags/list")).json(), { name: "a/b", tags: [] });
  assert.deepEqual(await put(text), [201, undefined]);
});

test("end-7b: a manifest is put under its digest and several tags", async () => {
  await using registry = await serveTestRegistry();
  for (const data of image.blobs.values()) await registry.pushBlob("a/b", data);
  const query = "?tag=1&tag=1.2&tag=latest";
  const put = await registry.call("PUT", path(`${digest}${query}`), { body: text, headers: type });
  assert.deepEqual([put.status, put.headers["oci-tag"]], [201, "1, 1.2, latest"]);
  const { tags } = (await registry.call("GET", "/v2/a/b/tags/list")).json() as { tags: string[] };
  assert.deepEqual(tags, ["1", "1.2", "latest"]);
});

test("a manifest may have a digest of sha512", async () => {
  await using registry = await serveTestRegistry();
  for (const data of image.blobs.values()) await registry.pushBlob("a/b", data);
  const put = await registry.call("PUT", path(sha512(text)), { body: text, headers: type });
  assert.equal(put.status, 201);
  assert.equal((await registry.call("GET", path(sha512(text)))).body.toString(), text);
});

test("end-9: a tag is deleted, then the manifest, then nothing is left", async () => {
  await using registry = await serveTestRegistry();
  await registry.pushImage("a/b", image, "1");
  await registry.pushDocument("a/b", image.manifest, "2");
  assert.equal((await registry.call("DELETE", path("1"))).status, 202);
  assert.equal((await registry.call("GET", path("1"))).status, 404);
  assert.equal((await registry.call("DELETE", path("1"))).code, "MANIFEST_UNKNOWN");
  assert.equal((await registry.call("GET", path(digest))).status, 200);
  const blob = await registry.call("DELETE", `/v2/a/b/blobs/${image.id}`);
  assert.deepEqual([blob.status, blob.code], [405, "UNSUPPORTED"], "a manifest lists it");
  assert.equal((await registry.call("DELETE", path(digest))).status, 202);
  assert.equal((await registry.call("GET", path("2"))).status, 404);
  assert.equal((await registry.call("DELETE", path(digest))).code, "MANIFEST_UNKNOWN");
  assert.equal((await registry.call("HEAD", `/v2/a/b/blobs/${image.id}`)).status, 404);
  await registry.test.images.collectGarbage();
  assert.deepEqual((await registry.test.contents()).blobs, []);
});

test("what is pushed is an image of the store, and an image of the store is served", async () => {
  await using registry = await serveTestRegistry({ name: "localhost:5000" });
  const { images } = registry.test;
  await registry.pushImage("library/app", image, "1");
  const found = await images.resolve("localhost:5000/library/app:1");
  assert.deepEqual(registry.test.files(images.predictContainerSnapshot("c", found.chainIds.at(-1)).lowers), {
    "etc/name": "sample",
  });
  assert.deepEqual((await images.get(`localhost:5000/library/app@${digest}`)).id, image.id);
  await images.tag("localhost:5000/library/app:1", "localhost:5000/own/name:2");
  await images.tag("localhost:5000/library/app:1", "localhost:5001/not/ours:2");
  const reply = await registry.call("GET", "/v2/own/name/manifests/2");
  assert.equal(reply.body.toString(), text);
  for (const each of image.blobs.keys()) {
    assert.equal((await registry.call("HEAD", `/v2/own/name/blobs/${each}`)).status, 200);
  }
  assert.deepEqual((await registry.call("GET", "/v2/_catalog")).json(), {
    repositories: ["library/app", "own/name"],
  });
});

test("a registry may be one whose names people leave out", async () => {
  await using registry = await serveTestRegistry({ name: "docker.io" });
  await registry.pushImage("app", image, "1");
  assert.equal((await registry.test.images.get("app:1")).id, image.id);
  assert.equal((await registry.call("GET", "/v2/library/app/manifests/1")).body.toString(), text);
});

test("an index is one image of the store, with all that it lists", async () => {
  await using registry = await serveTestRegistry({ name: "localhost:5000" });
  const { images } = registry.test;
  const index = await pushIndex(registry, "1");
  const all = await images.list();
  assert.deepEqual(
    all.map(({ id, digests }) => [id, digests]),
    [[image.id, [`localhost:5000/a/b@${index}`]]],
  );
  for (const each of [image, arm]) {
    const own = sha256(JSON.stringify(each.manifest));
    assert.equal((await registry.call("GET", path(own))).status, 200);
    assert.equal((await registry.call("DELETE", path(own))).status, 405, "the index lists it");
  }
  await images.remove("localhost:5000/a/b:1");
  assert.equal((await registry.call("GET", path(index))).status, 404);
  assert.deepEqual((await registry.test.contents()).blobs, []);
});

test("of an index that is not here as a whole the image that is here is served", async () => {
  await using registry = await serveTestRegistry({ name: "localhost:5000" });
  await pushIndex(registry, "1");
  await using other = await serveTestRegistry();
  const { images } = other.test;
  const { digest: index } = await images.pull(`127.0.0.1:${registry.port}/a/b:1`);
  await images.tag(`127.0.0.1:${registry.port}/a/b:1`, `${other.name}/c:1`);
  const reply = await other.call("GET", "/v2/c/manifests/1");
  assert.deepEqual([reply.headers["docker-content-digest"], reply.body.toString()], [digest, text]);
  assert.equal((await other.call("GET", `/v2/c/manifests/${index}`)).status, 200, "asked for by its digest");
});

test("a tag that moves leaves what it stood for to be had by its digest", async () => {
  await using registry = await serveTestRegistry({ name: "localhost:5000" });
  const { images } = registry.test;
  await registry.pushImage("a/b", image, "1");
  await registry.pushImage("a/b", arm, "1");
  assert.equal((await registry.call("GET", path("1"))).body.toString(), JSON.stringify(arm.manifest));
  await images.prune({ all: true });
  assert.equal((await registry.call("GET", path(digest))).status, 200, "prune leaves what was pushed");
  await images.remove(`localhost:5000/a/b@${digest}`);
  assert.equal((await registry.call("GET", path(digest))).status, 404);
  assert.equal((await registry.call("GET", path("1"))).status, 200);
});

test("an artifact is no image, survives collections and restarts, and goes when it is deleted", async () => {
  await using registry = await serveTestRegistry({ name: "localhost:5000" });
  const { images } = registry.test;
  const artifact = await pushArtifact(registry, { artifactType: "application/x" }, "art");
  assert.deepEqual(await images.list(), []);
  await images.prune({ all: true });
  assert.equal((await registry.call("GET", path("art"))).headers["docker-content-digest"], artifact);
  await images.close();
  await using again = await serveTestRegistry({ name: "localhost:5000" }, registry.test);
  await images.collectGarbage();
  assert.equal((await again.call("GET", path(artifact))).status, 200);
  assert.equal((await again.call("DELETE", path(artifact))).status, 202);
  assert.equal((await again.call("GET", path("art"))).status, 404);
  await images.collectGarbage();
  assert.deepEqual((await registry.test.contents()).blobs, []);
});

test("a tag goes from an image to an artifact and back", async () => {
  await using registry = await serveTestRegistry({ name: "localhost:5000" });
  const { images } = registry.test;
  const served = async () => (await registry.call("HEAD", path("1"))).headers["docker-content-digest"];
  await registry.pushImage("a/b", image, "1");
  const artifact = await pushArtifact(registry, {}, "1");
  assert.equal(await served(), artifact);
  await assert.rejects(images.get("localhost:5000/a/b:1"), { code: "IMAGE_NOT_FOUND" });
  await registry.pushImage("a/b", image, "1");
  assert.equal(await served(), digest);
  assert.equal((await images.get("localhost:5000/a/b:1")).id, image.id);
});

test("end-12: what is about a manifest is listed, and filtered by its type", async () => {
  await using registry = await serveTestRegistry();
  const subject = { mediaType: mediaTypes.manifest, digest, size: text.length };
  const list = async (query = "", of = digest) => {
    const reply = await registry.call("GET", `/v2/a/b/referrers/${of}${query}`);
    assert.deepEqual([reply.status, reply.headers["content-type"]], [200, mediaTypes.index]);
    const { manifests } = JSON.parse(reply.body.toString()) as { manifests: Record<string, unknown>[] };
    return { manifests, filtered: reply.headers["oci-filters-applied"] };
  };
  assert.deepEqual((await list()).manifests, []);
  const annotations = { note: "signed" };
  const signature = await pushArtifact(registry, {
    artifactType: "application/signature",
    annotations,
    subject,
  });
  const bill = await pushArtifact(registry, { subject });
  await pushArtifact(registry, { artifactType: "application/signature" });
  await registry.pushImage("a/b", image, "1");
  const all = await list();
  assert.deepEqual(
    all.manifests.map((each) => each.digest),
    [signature, bill].sort(),
  );
  const one = await list("?artifactType=application/signature");
  assert.equal(one.filtered, "artifactType");
  const [{ size, ...rest } = {}] = one.manifests;
  assert.ok(Number(size) > 100);
  assert.deepEqual(rest, {
    mediaType: mediaTypes.manifest,
    digest: signature,
    artifactType: "application/signature",
    annotations,
  });
  assert.deepEqual(
    (await list(`?artifactType=${encodeURIComponent(mediaTypes.empty)}`)).manifests.map(
      (each) => each.digest,
    ),
    [bill],
  );
  const malformed = await registry.call("GET", "/v2/a/b/referrers/sha256:x");
  assert.deepEqual([malformed.status, malformed.code], [400, "DIGEST_INVALID"]);
  const manifest = JSON.stringify({ ...image.manifest, subject });
  const put = await registry.call("PUT", path("2"), { body: manifest, headers: type });
  assert.deepEqual([put.status, put.headers["oci-subject"]], [201, digest]);
});

test("end-12: a long list of referrers comes in several answers", async () => {
  await using registry = await serveTestRegistry();
  const subject = { mediaType: mediaTypes.manifest, digest, size: text.length };
  const sent: string[] = [];
  for (let index = 0; index < 3; index += 1) {
    sent.push(
      await pushArtifact(registry, { subject, annotations: { index: `${index}${"x".repeat(1_800_000)}` } }),
    );
  }
  const got: string[] = [];
  for (let next = `/v2/a/b/referrers/${digest}`, count = 0; next !== ""; count += 1) {
    assert.ok(count < 3);
    const reply = await registry.call("GET", next);
    const { manifests } = JSON.parse(reply.body.toString()) as { manifests: { digest: string }[] };
    got.push(...manifests.map((each) => each.digest));
    next = /^<(.*)>; rel="next"$/.exec(reply.headers.link ?? "")?.[1] ?? "";
  }
  assert.deepEqual(got, sent.sort());
});

test("end-8: tags come in order, as many as are asked for, behind the last one", async () => {
  await using registry = await serveTestRegistry();
  await registry.pushImage("a/b", image, "b");
  for (const tag of ["a", "C", "d"]) await registry.pushDocument("a/b", image.manifest, tag);
  await pushArtifact(registry, {}, "art");
  const list = async (query: string) => {
    const reply = await registry.call("GET", `/v2/a/b/tags/list${query}`);
    return [(reply.json() as { tags: string[] }).tags, reply.headers.link];
  };
  assert.deepEqual(await list(""), [["C", "a", "art", "b", "d"], undefined]);
  assert.deepEqual(await list("?n=2"), [["C", "a"], '</v2/a/b/tags/list?n=2&last=a>; rel="next"']);
  assert.deepEqual(await list("?n=2&last=a"), [["art", "b"], '</v2/a/b/tags/list?n=2&last=b>; rel="next"']);
  assert.deepEqual(await list("?n=2&last=b"), [["d"], undefined]);
  assert.deepEqual(await list("?last=b"), [["d"], undefined]);
  assert.deepEqual(await list("?n=0"), [[], undefined]);
  assert.equal((await registry.call("GET", "/v2/a/b/tags/list?n=x")).status, 400);
  assert.equal((await registry.call("GET", "/v2/no/thing/tags/list")).code, "NAME_UNKNOWN");
});

test("several clients push different images to one tag at once, and one of them has it", async () => {
  await using registry = await serveTestRegistry();
  const images = Array.from({ length: 8 }, (_, index) =>
    sampleImage({ layers: [{ same: "x" }, { name: `${index}` }] }),
  );
  const digests = await Promise.all(images.map((each) => registry.pushImage("a/b", each, "latest")));
  const { headers } = await registry.call("HEAD", path("latest"));
  assert.ok(digests.includes(headers["docker-content-digest"] as (typeof digests)[number]));
  for (const each of digests) assert.equal((await registry.call("GET", path(each))).status, 200);
});

test("an artifact that calls an image a layer takes nothing of it away", async () => {
  await using registry = await serveTestRegistry();
  await registry.pushImage("a/b", image, "1");
  await registry.pushImage("a/b", arm);
  for (const each of [image, arm]) {
    const manifest = JSON.stringify(each.manifest);
    const layer = { mediaType: mediaTypes.layer, digest: sha256(manifest), size: manifest.length };
    await pushArtifact(registry, { layers: [layer] }, "artifact");
    const reply = await registry.call("GET", path(layer.digest));
    assert.deepEqual([reply.status, reply.body.toString()], [200, manifest]);
    for (const blob of each.blobs.keys())
      assert.equal((await registry.call("GET", `/v2/a/b/blobs/${blob}`)).status, 200);
  }
});

test("what an index calls a manifest without its being one breaks nothing else", async () => {
  await using registry = await serveTestRegistry();
  await registry.pushImage("a/b", image, "1");
  const blob = Buffer.from("no manifest");
  const child = {
    mediaType: mediaTypes.manifest,
    digest: await registry.pushBlob("a/b", blob),
    size: blob.length,
  };
  const index = { schemaVersion: 2, mediaType: mediaTypes.index, manifests: [child] };
  await registry.pushDocument("a/b", index, "index").catch(() => undefined);
  for (const reference of ["1", digest])
    assert.equal((await registry.call("GET", path(reference))).status, 200);
  assert.equal((await registry.call("GET", `/v2/a/b/referrers/${digest}`)).status, 200);
  for (const each of image.blobs.keys())
    assert.equal((await registry.call("GET", `/v2/a/b/blobs/${each}`)).status, 200);
});
