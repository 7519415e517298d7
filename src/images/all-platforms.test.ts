import assert from "node:assert/strict";
import { Readable } from "node:stream";
import { afterEach, beforeEach, describe, it } from "node:test";
import type { Digest } from "../base/index.ts";
import { annotations, type Descriptor, mediaTypes } from "../specs/index.ts";
import { readAll } from "../tar/testing/archives.ts";
import type { ProgressEvent } from "./progress.ts";
import { collectBytes } from "./testing/collect.ts";
import { type FakeRegistry, startFakeRegistry } from "./testing/fake-registry.ts";
import { openTestImages, type TestImages } from "./testing/open-images.ts";
import { type SampleImage, sampleImage, serveImage } from "./testing/sample-image.ts";

const amd64 = { os: "linux", architecture: "amd64" };
const arm64 = { os: "linux", architecture: "arm64" };

describe("an image for several platforms", () => {
  let registry: FakeRegistry;
  let subject: TestImages;
  let name: string;
  let images: SampleImage[];
  let index: Descriptor;
  beforeEach(async () => {
    registry = await startFakeRegistry();
    subject = await openTestImages();
    name = `${registry.host}/a/b:latest`;
    images = [
      sampleImage({ layers: [{ a: "amd" }] }),
      sampleImage({ layers: [{ a: "arm" }], architecture: "arm64" }),
    ];
    const manifests = images.map((image, place) => ({
      ...serveImage(registry, image, `part-${place}`),
      platform: { os: "linux", architecture: image.config.architecture },
    }));
    const statement = registry.putBlob("{}");
    const attestation = registry.putManifest("a/b", "attestation", {
      schemaVersion: 2,
      mediaType: mediaTypes.manifest,
      config: { mediaType: mediaTypes.config, ...registry.putBlob('{"architecture":"unknown"}') },
      layers: [{ mediaType: "application/vnd.in-toto+json", ...statement }],
    });
    const about = {
      ...attestation,
      platform: { os: "unknown", architecture: "unknown" },
      annotations: { [annotations.referenceType]: "attestation-manifest" },
    };
    const document = { schemaVersion: 2, mediaType: mediaTypes.index, manifests: [...manifests, about] };
    index = registry.putManifest("a/b", "latest", document);
  });
  afterEach(async () => {
    await subject[Symbol.asyncDispose]();
    await registry[Symbol.asyncDispose]();
  });
  const pullAll = (options: object = {}) => subject.images.pull(name, { allPlatforms: true, ...options });

  it("is fetched whole, unpacked for one, and kept by the garbage collection", async () => {
    const { image } = await pullAll({ platform: amd64 });
    assert.equal(image.id, images[0]?.id);
    await subject.images.collectGarbage();
    const { blobs, snapshots } = await subject.contents();
    assert.deepEqual([blobs.length, snapshots.length], [10, 1]);
  });

  it("asks for nothing that is here", async () => {
    await pullAll({ platform: amd64 });
    const before = registry.requests.length;
    await pullAll({ platform: amd64 });
    assert.deepEqual(registry.requests.slice(before), ["HEAD /v2/a/b/manifests/latest"]);
  });

  it("is unpacked for the others without a registry", async () => {
    await pullAll({ platform: amd64 });
    const before = registry.requests.length;
    const image = await subject.images.resolve(name, arm64);
    assert.equal(image.id, images[1]?.id);
    assert.equal(registry.requests.length, before);
  });

  it("takes any for Linux where nothing is for this machine, but not in the place of one asked for", async () => {
    const other = sampleImage({ layers: [{ a: "s390x" }], architecture: "s390x" });
    const manifest = {
      ...serveImage(registry, other, "other"),
      platform: { os: "linux", architecture: "s390x" },
    };
    const windows = { ...manifest, platform: { os: "windows", architecture: "amd64" } };
    const document = { schemaVersion: 2, mediaType: mediaTypes.index, manifests: [windows, manifest] };
    registry.putManifest("a/b", "latest", document);
    await assert.rejects(pullAll({ platform: arm64 }), { code: "IMAGE_PLATFORM" });
    const { image } = await pullAll();
    assert.equal(image.id, other.id);
  });

  it("tells what happens to the layers of all", async () => {
    const events: ProgressEvent[] = [];
    await pullAll({ platform: amd64, onProgress: (event: ProgressEvent) => void events.push(event) });
    const last = (id: Digest | undefined) => events.filter((event) => event.id === id).at(-1)?.status;
    assert.equal(last(images[0]?.manifest.layers[0]?.digest), "exists");
    assert.equal(last(images[1]?.manifest.layers[0]?.digest), "downloaded");
  });

  it("is saved and loaded whole, with equal digests", async () => {
    await pullAll({ platform: amd64 });
    const archive = await collectBytes(await subject.images.save([name]));
    const files = new Map(readAll(archive).map(({ node, data }) => [node.path, data]));
    const saved = JSON.parse(String(files.get("index.json")));
    assert.deepEqual(
      saved.manifests.map(({ digest, mediaType }: Descriptor) => [digest, mediaType]),
      [[index.digest, mediaTypes.index]],
    );
    await using other = await openTestImages();
    for (const [platform, image] of [
      [arm64, images[1]],
      [amd64, images[0]],
    ] as const) {
      const [loaded] = await other.images.load(Readable.from([archive]), { platform });
      assert.equal(loaded?.record.id, image?.id);
      assert.equal(loaded?.record.target.digest, index.digest);
    }
    assert.equal((await other.images.resolve(name, arm64)).id, images[1]?.id);
  });

  it("is saved for one platform where one is asked for", async () => {
    await pullAll({ platform: amd64 });
    const archive = await collectBytes(await subject.images.save([name], { platform: arm64 }));
    await using other = await openTestImages();
    const [loaded] = await other.images.load(Readable.from([archive]));
    assert.deepEqual([loaded?.record.id, loaded?.names], [images[1]?.id, [name]]);
    await assert.rejects(subject.images.save([name], { platform: { os: "linux", architecture: "s390x" } }), {
      code: "IMAGE_PLATFORM",
    });
  });

  it("is saved for the platform that is here where the others are not", async () => {
    await subject.images.pull(name, { platform: arm64 });
    const archive = await collectBytes(await subject.images.save([name]));
    await using other = await openTestImages();
    const [loaded] = await other.images.load(Readable.from([archive]));
    assert.equal(loaded?.record.id, images[1]?.id);
    await assert.rejects(subject.images.save([name], { platform: amd64 }), {
      code: "IMAGE_INCOMPLETE",
      message: /^cannot save /,
      hint: /--all-platforms/,
    });
  });

  it("goes to a registry whole", async () => {
    await using target = await startFakeRegistry();
    await pullAll({ platform: amd64 });
    await subject.images.tag(name, `${target.host}/c/d:1`);
    const { digest } = await subject.images.push(`${target.host}/c/d:1`);
    assert.equal(digest, index.digest);
    assert.equal(target.requests.filter((each) => each.startsWith("PUT /v2/c/d/manifests")).length, 4);
  });
});
