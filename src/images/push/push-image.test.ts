import assert from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, beforeEach, describe, it } from "node:test";
import { mediaTypes } from "../../specs/index.ts";
import { type FakeRegistry, refuse, reply, startFakeRegistry } from "../testing/fake-registry.ts";
import { openTestImages, type TestImages } from "../testing/open-images.ts";
import { type SampleImage, sampleImage, serveImage, serveIndex } from "../testing/sample-image.ts";
import type { PushProgressEvent } from "./push-progress.ts";

const amd64 = { os: "linux", architecture: "amd64" };
const arm64 = { os: "linux", architecture: "arm64" };

describe("push", () => {
  let registry: FakeRegistry;
  let subject: TestImages;
  beforeEach(async () => {
    registry = await startFakeRegistry();
    subject = await openTestImages();
  });
  afterEach(async () => {
    await subject[Symbol.asyncDispose]();
    await registry[Symbol.asyncDispose]();
  });
  const nameOf = (path: string) => `${registry.host}/${path}`;

  /** An image that is here, and a second registry that has nothing of it, where its name leads to. */
  async function pulledFor(target: FakeRegistry, image: SampleImage = sampleImage()) {
    const descriptor = serveImage(registry, image);
    await subject.images.pull(nameOf("a/b:latest"), { platform: undefined });
    await subject.images.tag(nameOf("a/b:latest"), `${target.host}/c/d:1`);
    return descriptor;
  }

  it("sends blobs first and the tag last, with equal digests", async () => {
    await using target = await startFakeRegistry();
    const image = sampleImage({ layers: [{ a: "1" }, { b: "2" }] });
    const { digest, size } = await pulledFor(target, image);
    const pushed = await subject.images.push(`${target.host}/c/d:1`);
    assert.deepEqual(pushed, { digest, size, insteadOf: undefined });
    assert.equal(target.tagged("c/d", "1"), digest);
    for (const [each, data] of image.blobs) assert.deepEqual(target.blob(each), data);
    const writes = target.requests.filter((each) => /^(PUT|PATCH)/.test(each));
    assert.equal(writes.length, 4);
    assert.equal(writes.at(-1), "PUT /v2/c/d/manifests/1");
    assert.ok((await subject.images.get(image.id)).digests.includes(`${target.host}/c/d@${digest}`));
  });

  it("does not send what is there", async () => {
    await using target = await startFakeRegistry();
    await pulledFor(target);
    await subject.images.push(`${target.host}/c/d:1`);
    const before = target.requests.length;
    const events: PushProgressEvent[] = [];
    await subject.images.push(`${target.host}/c/d:1`, { onProgress: (event) => void events.push(event) });
    assert.deepEqual(
      target.requests.slice(before).map((each) => each.replace(/sha256:.*/, "")),
      ["HEAD /v2/c/d/blobs/", "HEAD /v2/c/d/blobs/", "PUT /v2/c/d/manifests/1"],
    );
    assert.deepEqual(
      events.map(({ status }) => status),
      ["preparing", "waiting", "exists"],
    );
  });

  it("takes blobs over from repositories that it knows to have them", async () => {
    const image = sampleImage();
    serveImage(registry, image);
    await subject.images.pull(nameOf("a/b:latest"));
    await subject.images.tag(nameOf("a/b:latest"), nameOf("c/d:1"));
    registry.faults.push((request, response) => request.method === "HEAD" && refuse(response, 404, "X"));
    const events: PushProgressEvent[] = [];
    await subject.images.push(nameOf("c/d:1"), { onProgress: (event) => void events.push(event) });
    const [layer] = image.manifest.layers;
    assert.deepEqual(events.at(-1), { id: layer?.digest, status: "mounted", from: "a/b" });
    assert.equal(registry.requests.filter((each) => /uploads.*from=a%2Fb/.test(each)).length, 2);
  });

  it("sends an index with all of its images when all are here", async () => {
    await using target = await startFakeRegistry();
    const images = [
      sampleImage({ layers: [{ a: "amd" }] }),
      sampleImage({ layers: [{ a: "arm" }], architecture: "arm64" }),
    ];
    const { digest } = serveIndex(registry, images);
    for (const platform of [arm64, amd64]) await subject.images.pull(nameOf("a/b:latest"), { platform });
    await subject.images.tag(nameOf("a/b:latest"), `${target.host}/c/d:1`);
    const pushed = await subject.images.push(`${target.host}/c/d:1`);
    assert.equal(pushed.digest, digest);
    const manifests = target.requests.filter((each) => each.includes("PUT /v2/c/d/manifests"));
    assert.equal(manifests.length, 3);
    assert.equal(manifests.at(-1), "PUT /v2/c/d/manifests/1");
  });

  it("sends the one image of an index that is here, and says so", async () => {
    await using target = await startFakeRegistry();
    const images = [
      sampleImage({ layers: [{ a: "amd" }] }),
      sampleImage({ layers: [{ a: "arm" }], architecture: "arm64" }),
    ];
    const { digest } = serveIndex(registry, images);
    await subject.images.pull(nameOf("a/b:latest"), { platform: amd64 });
    await subject.images.tag(nameOf("a/b:latest"), `${target.host}/c/d:1`);
    const pushed = await subject.images.push(`${target.host}/c/d:1`);
    assert.equal(pushed.insteadOf, digest);
    assert.equal(pushed.digest, registry.tagged("a/b", "latest-0"));
    assert.equal(target.tagged("c/d", "1"), pushed.digest);
    await assert.rejects(subject.images.push(`${target.host}/c/d:1`, { platform: arm64 }), {
      code: "IMAGE_INCOMPLETE",
      hint: /pull the image for the platform/,
    });
    const other = { os: "linux", architecture: "s390x" };
    await assert.rejects(subject.images.push(`${target.host}/c/d:1`, { platform: other }), {
      code: "IMAGE_PLATFORM",
    });
  });

  it("leaves layers out that registries do not pass on", async () => {
    await using target = await startFakeRegistry();
    const layerType = "application/vnd.oci.image.layer.nondistributable.v1.tar+gzip";
    const image = sampleImage({ layerType });
    await pulledFor(target, image);
    await subject.images.push(`${target.host}/c/d:1`);
    assert.equal(target.blob(image.manifest.layers[0]?.digest ?? ""), undefined);
    assert.equal(target.requests.filter((each) => each.startsWith("PUT")).length, 2);
  });

  it("notices a blob that is damaged on the disk, and gives no tag", async () => {
    await using target = await startFakeRegistry();
    const image = sampleImage();
    await pulledFor(target, image);
    const [layer] = image.manifest.layers;
    const path = join(subject.root, "content/blobs/sha256", layer?.digest.slice(7) ?? "");
    await writeFile(path, Buffer.alloc(layer?.size ?? 0));
    await assert.rejects(subject.images.push(`${target.host}/c/d:1`), { code: "IMAGE_CONTENT_CORRUPT" });
    assert.equal(target.tagged("c/d", "1"), undefined);
    assert.equal(target.unfinished(), 0);
  });

  it("says what the registry says", async () => {
    await using target = await startFakeRegistry();
    await pulledFor(target);
    target.faults.push((request, response) => request.method === "POST" && refuse(response, 403, "DENIED"));
    await assert.rejects(subject.images.push(`${target.host}/c/d:1`), {
      code: "IMAGE_REGISTRY_DENIED",
      message: `cannot push ${target.host}/c/d:1: registry ${target.host} answered 403 (DENIED: DENIED happened)`,
      hint: "use an account that may write to this repository",
    });
  });

  it("needs a name of a registry, and an image of that name", async () => {
    await assert.rejects(subject.images.push(nameOf("none:1")), {
      code: "IMAGE_NOT_FOUND",
      kind: "notFound",
    });
    await assert.rejects(subject.images.push("tug/hello"), {
      code: "IMAGE_REFERENCE",
      hint: "tag it with the name of a registry first",
    });
    assert.deepEqual(registry.requests, []);
  });

  it("reports how far it is", async () => {
    await using target = await startFakeRegistry();
    const image = sampleImage();
    await pulledFor(target, image);
    const events: PushProgressEvent[] = [];
    await subject.images.push(`${target.host}/c/d:1`, { onProgress: (event) => void events.push(event) });
    const [layer] = image.manifest.layers;
    const [id, total] = [layer?.digest, layer?.size];
    assert.deepEqual(events, [
      { id, status: "preparing" },
      { id, status: "waiting" },
      { id, status: "pushing", current: total, total },
      { id, status: "pushed" },
    ]);
  });

  it("pushes Docker's documents as they are", async () => {
    await using target = await startFakeRegistry();
    const image = sampleImage({ layerType: mediaTypes.dockerLayerGzip });
    image.manifest.mediaType = mediaTypes.dockerManifest;
    image.manifest.config = { ...image.manifest.config, mediaType: mediaTypes.dockerConfig };
    const { digest } = await pulledFor(target, image);
    await subject.images.push(`${target.host}/c/d:1`);
    assert.equal(target.tagged("c/d", "1"), digest);
    const index = target.requests.indexOf("PUT /v2/c/d/manifests/1");
    assert.equal(target.headers[index]?.["content-type"], mediaTypes.dockerManifest);
  });

  it("stops all uploads when one fails", async () => {
    await using target = await startFakeRegistry();
    await pulledFor(target, sampleImage({ layers: [{ a: "1" }, { b: "2" }, { c: "3" }] }));
    target.faults.push((request, response) => request.method === "PUT" && reply(400)(request, response));
    await assert.rejects(subject.images.push(`${target.host}/c/d:1`), { code: "IMAGE_REGISTRY_PROTOCOL" });
    assert.equal(target.tagged("c/d", "1"), undefined);
  });
});
