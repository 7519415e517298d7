import assert from "node:assert/strict";
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { sha256 } from "../base/index.ts";
import type { EmbeddedImage } from "./embedded.ts";
import { type LayoutImages, readLayoutImages } from "./read-layout.ts";
import { predictMounts } from "./snapshots/snapshot-paths.ts";
import { startFakeRegistry } from "./testing/fake-registry.ts";
import { openTestImages, type TestImages } from "./testing/open-images.ts";
import { type SampleImage, sampleImage, serveImage } from "./testing/sample-image.ts";

const hello: EmbeddedImage = {
  reference: { domain: "", path: "tug/hello", tag: "latest" },
  config: { architecture: "amd64", os: "linux" },
  layers: [],
};

const read = (store: TestImages): Promise<LayoutImages> =>
  readLayoutImages({ directory: join(store.root, "content"), embedded: [hello] });

/** A store with an image that was pulled, and its name. */
async function pulled(image: SampleImage, store: TestImages): Promise<string> {
  await using registry = await startFakeRegistry();
  serveImage(registry, image, "1");
  const name = `${registry.host}/a/b:1`;
  await store.images.pull(name);
  return name;
}

test("an image is found by its name and by its id, as the store itself finds it", async () => {
  await using store = await openTestImages();
  const sample = sampleImage({ layers: [{ a: "1" }, { b: "2" }] });
  const name = await pulled(sample, store);
  await store.images.tag(name, "other");
  const images = await read(store);
  const own = await store.images.resolve(name);
  for (const query of [name, "other", "docker.io/library/other:latest", sample.id, sample.id.slice(7, 19)]) {
    const { id, config, chainIds } = await images.resolve(query);
    assert.deepEqual({ id, config, chainIds }, { id: own.id, config: own.config, chainIds: own.chainIds });
  }
  const key = "a".repeat(64);
  const predicted = predictMounts(
    { root: join(store.root, "snapshots"), layers: undefined },
    key,
    own.chainIds,
  );
  assert.deepEqual(predicted, await store.images.prepareContainerSnapshot(key, own.chainIds.at(-1)));
});

test("what is not there, or for another platform, is said", async () => {
  await using store = await openTestImages();
  const name = await pulled(sampleImage(), store);
  const images = await read(store);
  await assert.rejects(images.resolve("absent"), { code: "IMAGE_NOT_FOUND" });
  await assert.rejects(images.resolve(sha256("x")), { code: "IMAGE_NOT_FOUND" });
  await assert.rejects(images.resolve("Not A Name"), { code: "IMAGE_REFERENCE" });
  await assert.rejects(images.resolve(name, { os: "linux", architecture: "s390x" }), {
    code: "IMAGE_PLATFORM",
  });
  await rm(join(store.root, "content/blobs/sha256"), { recursive: true });
  await assert.rejects(images.resolve(name), { code: "IMAGE_CONTENT_NOT_FOUND" });
});

test("without a store there is what was brought along", async () => {
  const images = await readLayoutImages({ directory: "/absent", embedded: [hello] });
  assert.equal((await images.resolve("tug/hello")).config.os, "linux");
  await assert.rejects(images.resolve("debian"), { code: "IMAGE_NOT_FOUND" });
});

test("files are those of the topmost layer that mentions them", async () => {
  await using store = await openTestImages();
  const layers = [
    { "etc/passwd": "old", "etc/group": "old", "etc/hosts": "old" },
    { "etc/passwd": "new", "etc/.wh.group": "" },
    { other: "x" },
  ];
  const name = await pulled(sampleImage({ layers }), store);
  const images = await read(store);
  const image = await images.resolve(name);
  const files = await images.readFiles(image, ["etc/passwd", "etc/group", "etc/hosts", "etc/absent"]);
  assert.deepEqual([...files].map(([path, data]) => `${path}=${data}`).sort(), [
    "etc/hosts=old",
    "etc/passwd=new",
  ]);
});
