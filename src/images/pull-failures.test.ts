import assert from "node:assert/strict";
import { afterEach, beforeEach, describe, it } from "node:test";
import { gzipSync } from "node:zlib";
import { sha256 } from "../base/index.ts";
import { mediaTypes } from "../specs/index.ts";
import { archiveOf, fileNode, hardLinkNode, symlinkNode } from "../tar/testing/archives.ts";
import { type FakeRegistry, reply, startFakeRegistry } from "./testing/fake-registry.ts";
import { openTestImages, type TestImages } from "./testing/open-images.ts";
import { layerArchive, sampleImage, serveImage } from "./testing/sample-image.ts";

const nothing = { blobs: [], ingests: [], snapshots: [] };

describe("a failed pull leaves nothing behind after", () => {
  let registry: FakeRegistry;
  let subject: TestImages;
  let name: string;
  beforeEach(async () => {
    registry = await startFakeRegistry();
    subject = await openTestImages();
    name = `${registry.host}/a/b:latest`;
  });
  afterEach(async () => {
    await subject[Symbol.asyncDispose]();
    await registry[Symbol.asyncDispose]();
  });
  const pull = () => subject.images.pull(name);
  const layer = { a: "x".repeat(1000) };

  async function fails(expected: object) {
    await assert.rejects(pull(), expected);
    assert.deepEqual(await subject.contents(), nothing);
    assert.deepEqual(await subject.images.list(), []);
  }

  it("a layer with another digest", async () => {
    const sample = sampleImage({ layers: [layer] });
    serveImage(registry, sample);
    const wrong = gzipSync(layerArchive({ a: "y".repeat(1000) }));
    const digest = sample.manifest.layers[0]?.digest ?? "";
    registry.faults.push((request, response) =>
      request.url?.includes(digest) ? reply(200, {}, wrong)(request, response) : false,
    );
    await fails({ kind: "dataLoss", message: new RegExp(`^cannot pull ${name}: `) });
  });

  it("a layer that is truncated at its source", async () => {
    const sample = sampleImage({ layers: [layer], compress: Buffer.from });
    serveImage(registry, sample);
    const { digest = "" } = sample.manifest.layers[0] ?? {};
    const data = sample.blobs.get(digest as never)?.subarray(0, 700);
    registry.faults.push((request, response) =>
      request.url?.includes(digest) ? reply(200, {}, data)(request, response) : false,
    );
    await fails({ code: "IMAGE_CONTENT_SIZE", kind: "dataLoss" });
  });

  it("a layer that is larger than announced", async () => {
    const sample = sampleImage({ layers: [layer] });
    const first = sample.manifest.layers[0];
    if (first !== undefined) first.size -= 1;
    serveImage(registry, sample);
    await fails({ code: "IMAGE_CONTENT_SIZE" });
  });

  it("a layer whose archive is not the one of the configuration", async () => {
    const sample = sampleImage({
      layers: [layer],
      config: { rootfs: { type: "layers", diff_ids: [sha256("x")] } },
    });
    serveImage(registry, sample);
    await fails({ code: "IMAGE_DIFF_ID" });
  });

  it("a configuration with another digest", async () => {
    const sample = sampleImage();
    serveImage(registry, sample);
    registry.faults.push((request, response) =>
      request.url?.includes(sample.id) ? reply(200, {}, "{}")(request, response) : false,
    );
    await fails({ kind: "dataLoss" });
  });

  it("a configuration with wrong types", async () => {
    serveImage(registry, sampleImage({ config: { config: { Env: "A=b" } } as never }));
    await fails({ code: "OCI_IMAGE_INVALID", message: /\/config\/Env/ });
  });

  it("a configuration with another number of layers", async () => {
    serveImage(registry, sampleImage({ config: { rootfs: { type: "layers", diff_ids: [] } } }));
    await fails({ code: "IMAGE_CONFIGURATION" });
  });

  it("what is no image", async () => {
    const sample = sampleImage();
    sample.manifest.config.mediaType = "application/vnd.example.config.v1+json";
    serveImage(registry, sample);
    await fails({ code: "IMAGE_CONFIGURATION", message: /it is no image but application\/vnd\.example/ });
  });

  it("a layer of another kind", async () => {
    serveImage(registry, sampleImage({ layerType: "application/vnd.example.layer" }));
    await fails({ code: "IMAGE_CONFIGURATION", message: /a layer of type/ });
  });

  it("an index in itself", async () => {
    const manifests = [{ mediaType: mediaTypes.index, digest: sha256("x"), size: 10 }];
    registry.putManifest("a/b", "latest", { schemaVersion: 2, mediaType: mediaTypes.index, manifests });
    await fails({ code: "IMAGE_REGISTRY_NOT_FOUND" });
  });

  const hostile: Record<string, Buffer> = {
    "a name out of the root": archiveOf([{ node: fileNode("../../etc/cron.d/x"), data: "x" }]),
    "a hard link out of the root": archiveOf([{ node: hardLinkNode("x", "../../etc/shadow") }]),
    "a hard link through a symbolic link": archiveOf([
      { node: symlinkNode("s", "/etc") },
      { node: hardLinkNode("x", "s/shadow") },
    ]),
    "no archive": Buffer.alloc(5000, "garbage"),
    "half an archive": layerArchive({ a: "x".repeat(5000) }).subarray(0, 3000),
  };
  for (const [what, archive] of Object.entries(hostile)) {
    it(`a layer with ${what}`, async () => {
      serveImage(registry, sampleImage({ archives: [layerArchive({ a: "fine" }), archive] }));
      await fails({ kind: "invalid", message: new RegExp(`^cannot pull ${name}: cannot `) });
    });
  }

  it("a disk that is full", async () => {
    serveImage(registry, sampleImage());
    subject.trees.unpack = async () => {
      throw Object.assign(new Error("no space left on device"), { code: "ENOSPC" });
    };
    await fails({ code: "IMAGE_STORAGE_FULL", kind: "exhausted" });
  });
});
