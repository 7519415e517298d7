import assert from "node:assert/strict";
import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, it } from "node:test";
import { type Digest, sha256 } from "../../base/index.ts";
import { formatPayload, type ImageSignature } from "../../signatures/index.ts";
import type { Descriptor } from "../../specs/index.ts";
import { type FakeRegistry, startFakeRegistry } from "../testing/fake-registry.ts";
import { openTestImages, type TestImages } from "../testing/open-images.ts";
import { sampleImage, serveImage, serveIndex } from "../testing/sample-image.ts";
import { addSignatures } from "./signature-manifest.ts";
import { signatureTag } from "./signature-names.ts";

/** Nothing here verifies them. */
const signatureOf = (digest: Digest, signature: string): ImageSignature => ({
  payload: new Uint8Array(formatPayload({ name: "a/b", digest, optional: {} })),
  signature,
});

describe("a copy with signatures", () => {
  let from: FakeRegistry;
  let to: FakeRegistry;
  let subject: TestImages;
  let directory: string;
  let image: Descriptor;
  beforeEach(async () => {
    [from, to] = [await startFakeRegistry(), await startFakeRegistry()];
    subject = await openTestImages();
    directory = await mkdtemp(join(tmpdir(), "tug-copy-signatures-"));
    image = serveImage(from, sampleImage());
  });
  afterEach(async () => {
    await subject[Symbol.asyncDispose]();
    await rm(directory, { recursive: true });
    for (const registry of [from, to]) await registry[Symbol.asyncDispose]();
  });
  const source = () => `docker://${from.host}/a/b:latest`;
  const target = () => `docker://${to.host}/c/d:1`;
  const copy = (a: string, b: string, all = false) =>
    subject.images.remote.copy(a, b, { signatures: true, all });
  const signaturesAt = async (place: string) =>
    (await subject.images.remote.signatures(place)).signatures.map(({ signature }) => signature);

  /** Puts signatures, and whatever annotations, beside a manifest of the first registry. */
  const serve = (digest: Digest, signatures: readonly string[], notes: Record<string, string> = {}) => {
    const list = signatures.map((each) => signatureOf(digest, each));
    const { manifest, blobs } = addSignatures(list, undefined);
    for (const { data } of blobs) from.putBlob(data);
    const document = JSON.parse(String(manifest.data));
    for (const layer of document.layers) Object.assign(layer.annotations, notes);
    return from.putManifest("a/b", signatureTag(digest), document);
  };

  it("takes them as they are where there are none", async () => {
    const signed = serve(image.digest, ["MQ==", "Mg=="], { "dev.sigstore.cosign/certificate": "PEM" });
    await copy(source(), target());
    assert.equal(to.tagged("c/d", signatureTag(image.digest)), signed.digest);
    assert.deepEqual(await signaturesAt(target()), ["MQ==", "Mg=="]);
    // The image is there already, and so are they.
    await copy(source(), target());
    assert.equal(to.tagged("c/d", signatureTag(image.digest)), signed.digest);
  });

  it("adds to those that are there, and none twice", async () => {
    serve(image.digest, ["MQ==", "Mg=="]);
    await subject.images.remote.copy(source(), target());
    await subject.images.remote.sign(target(), signatureOf(image.digest, "Mg=="));
    await copy(source(), target());
    assert.deepEqual(await signaturesAt(target()), ["Mg==", "MQ=="]);
    await copy(source(), target());
    assert.deepEqual(await signaturesAt(target()), ["Mg==", "MQ=="]);
  });

  it("takes them by way of a layout and of the store", async () => {
    serve(image.digest, ["MQ=="]);
    await copy(source(), `oci:${directory}/layout:x`);
    await copy(`oci:${directory}/layout:x`, "localhost/stored:1");
    await copy("localhost/stored:1", target());
    assert.deepEqual(await signaturesAt(target()), ["MQ=="]);
  });

  it("takes those of an index and of its images, where all of it is copied", async () => {
    const samples = ["amd64", "arm64"].map((architecture) =>
      sampleImage({ architecture, layers: [{ [architecture]: "" }] }),
    );
    const index = serveIndex(from, samples, "all");
    const digests = samples.map(({ manifest }) => sha256(JSON.stringify(manifest)));
    for (const digest of [index.digest, ...digests]) serve(digest, ["MQ=="]);
    await copy(`docker://${from.host}/a/b:all`, target(), true);
    for (const digest of [index.digest, ...digests]) {
      assert.notEqual(to.tagged("c/d", signatureTag(digest)), undefined);
    }
  });

  it("takes them to a directory, which loses them with the image", async () => {
    const place = `dir:${directory}/dir`;
    serve(image.digest, ["MQ==", "Mg=="]);
    await copy(source(), place);
    assert.deepEqual(await signaturesAt(place), ["MQ==", "Mg=="]);
    await copy(place, target());
    assert.deepEqual(await signaturesAt(target()), ["MQ==", "Mg=="]);
    await subject.images.remote.copy(source(), place);
    assert.equal((await signaturesAt(place)).length, 2);
    serveImage(from, sampleImage({ layers: [{ other: "" }] }), "other");
    await subject.images.remote.copy(`docker://${from.host}/a/b:other`, place);
    assert.deepEqual(await signaturesAt(place), []);
  });

  it("takes none without being asked, and none there are not", async () => {
    await copy(source(), target());
    serve(image.digest, ["MQ=="]);
    await subject.images.remote.copy(source(), target());
    assert.equal(to.tagged("c/d", signatureTag(image.digest)), undefined);
  });

  it("is refused, before anything is copied, where they have no place", async () => {
    for (const place of [
      `docker-archive:${directory}/b.tar:x`,
      `oci-archive:${directory}/a.tar`,
      "docker-daemon:x",
    ]) {
      await assert.rejects(copy(source(), place), { code: "IMAGE_PLACE" });
    }
    assert.deepEqual(await readdir(directory), []);
  });
});
