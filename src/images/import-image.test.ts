import assert from "node:assert/strict";
import { Readable } from "node:stream";
import { afterEach, beforeEach, describe, it } from "node:test";
import { gzipSync, zstdCompressSync } from "node:zlib";
import { sha256 } from "../base/index.ts";
import { mediaTypes } from "../specs/index.ts";
import { openTestImages, type TestImages } from "./testing/open-images.ts";
import { layerArchive } from "./testing/sample-image.ts";

const archive = layerArchive({ "etc/name": "imported" });

describe("import", () => {
  let subject: TestImages;
  beforeEach(async () => {
    subject = await openTestImages({ now: () => Date.parse("2026-01-02T03:04:05Z") });
  });
  afterEach(() => subject[Symbol.asyncDispose]());
  const importIt = (data: Buffer, request: object = {}) =>
    subject.images.import(Readable.from([data]), request);

  for (const [mediaType, data] of [
    [mediaTypes.layer, archive],
    [mediaTypes.layerGzip, gzipSync(archive)],
    [mediaTypes.layerZstd, zstdCompressSync(archive)],
  ] as const) {
    it(`makes an image of one layer as it is, ${mediaType}`, async () => {
      const image = await importIt(data, { name: "docker.io/library/base:1", comment: "mine" });
      assert.deepEqual(image.layers, [{ mediaType, digest: sha256(data), size: data.length }]);
      assert.deepEqual(image.names, ["docker.io/library/base:1"]);
      assert.deepEqual(image.config.rootfs.diff_ids, [sha256(archive)]);
      assert.deepEqual(image.config.history, [{ created: "2026-01-02T03:04:05.000Z", comment: "mine" }]);
      const { lowers } = await subject.images.prepareContainerSnapshot("c", image.chainIds.at(-1));
      assert.deepEqual(subject.files(lowers), { "etc/name": "imported" });
    });
  }

  it("keeps what containers are to be started with, and for what the files are", async () => {
    const platform = { os: "linux", architecture: "arm64" };
    const { config, names } = await importIt(archive, { platform, config: { Cmd: ["sh"] } });
    assert.deepEqual([config.architecture, config.config, names], ["arm64", { Cmd: ["sh"] }, []]);
  });

  it("refuses what is no archive, and leaves nothing behind", async () => {
    await assert.rejects(importIt(Buffer.alloc(0)), { code: "IMAGE_ARCHIVE" });
    await assert.rejects(importIt(Buffer.from("this is no archive at all".repeat(100))));
    await assert.rejects(importIt(gzipSync(archive).subarray(0, 60)), { code: "IMAGE_COMPRESSION" });
    assert.deepEqual(await subject.contents(), { blobs: [], ingests: [], snapshots: [] });
    assert.deepEqual(await subject.images.list(), []);
  });

  it("gives a pruning a choice", async () => {
    const kept = await importIt(archive);
    const gone = await importIt(layerArchive({ other: "1" }));
    const { deleted } = await subject.images.prune({ fits: (id) => id !== kept.id });
    assert.equal(deleted[0], gone.id);
    assert.deepEqual(
      (await subject.images.list()).map(({ id }) => id),
      [kept.id],
    );
  });
});
