import assert from "node:assert/strict";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, beforeEach, describe, it } from "node:test";
import { zstdCompressSync } from "node:zlib";
import { type Index, mediaTypes } from "../specs/index.ts";
import type { ProgressEvent } from "./progress.ts";
import { type FakeRegistry, hangUp, startFakeRegistry, times, truncate } from "./testing/fake-registry.ts";
import { openTestImages, type TestImages } from "./testing/open-images.ts";
import { sampleImage, serveImage, serveIndex } from "./testing/sample-image.ts";

describe("pull", () => {
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
  const pull = (options = {}) => subject.images.pull(name, options);
  const count = (part: string) => registry.requests.filter((each) => each.includes(part)).length;
  const filesOf = async (key: string, chainId?: `sha256:${string}` | string) => {
    const { lowers } = await subject.images.prepareContainerSnapshot(key, chainId as never);
    return subject.files(lowers);
  };

  it("gets an image with its layers and gives it its name", async () => {
    const sample = sampleImage({ layers: [{ a: "1", b: "1" }, { b: "2" }, { c: "3" }] });
    const { digest } = serveImage(registry, sample);
    const { image, changed, ...pulled } = await pull();
    assert.deepEqual(pulled, { name, digest });
    assert.equal(changed, true);
    assert.equal(image.id, sample.id);
    assert.deepEqual(image.names, [name]);
    assert.deepEqual(image.digests, [`${registry.host}/a/b@${digest}`]);
    assert.deepEqual(image.config, sample.config);
    assert.deepEqual(await filesOf("c", image.chainIds.at(-1)), { a: "1", b: "2", c: "3" });
    assert.equal((await subject.contents()).blobs.length, 5);
  });

  it("asks for nothing that is here", async () => {
    serveImage(registry, sampleImage());
    await pull();
    const before = registry.requests.length;
    const { changed } = await pull();
    assert.equal(changed, false);
    assert.deepEqual(registry.requests.slice(before), ["HEAD /v2/a/b/manifests/latest"]);
  });

  it("needs no registry for a digest that is here", async () => {
    serveImage(registry, sampleImage());
    const { digest } = await pull();
    const before = registry.requests.length;
    await subject.images.pull(`${registry.host}/a/b@${digest}`);
    assert.equal(registry.requests.length, before);
  });

  it("names an image that was asked for by tag and digest by the digest alone", async () => {
    const { digest } = serveImage(registry, sampleImage());
    const { image } = await subject.images.pull(`${name}@${digest}`);
    assert.deepEqual([image.names, image.digests], [[], [`${registry.host}/a/b@${digest}`]]);
  });

  it("lists an image in the layout of the content store by its tags, or without a name where it has none", async () => {
    const { digest } = serveImage(registry, sampleImage());
    const listed = async () => {
      const index = JSON.parse(await readFile(join(subject.root, "content/index.json"), "utf8")) as Index;
      return index.manifests.map((each) => [each.digest, each.annotations]);
    };
    await subject.images.pull(`${name}@${digest}`);
    assert.deepEqual(await listed(), [[digest, undefined]]);
    await pull();
    assert.deepEqual(await listed(), [[digest, { "org.opencontainers.image.ref.name": name }]]);
  });

  it("takes the image of the platform out of an index", async () => {
    const amd = sampleImage({ layers: [{ a: "amd" }] });
    const arm = sampleImage({ layers: [{ a: "arm" }], architecture: "arm64" });
    const { digest } = serveIndex(registry, [arm, amd]);
    const pulled = await pull({ platform: { os: "linux", architecture: "amd64" } });
    assert.equal(pulled.image.id, amd.id);
    assert.equal(pulled.digest, digest);
    const other = await pull({ platform: { os: "linux", architecture: "arm64" } });
    assert.equal(other.image.id, arm.id);
    assert.equal(other.changed, true);
    assert.deepEqual((await subject.images.get(amd.id)).names, []);
  });

  it("refuses a platform that the image has not", async () => {
    serveIndex(registry, [sampleImage({ architecture: "arm64" })]);
    const platform = { os: "linux", architecture: "s390x" };
    const refused = { code: "IMAGE_PLATFORM", kind: "notFound", hint: /linux\/arm64/ };
    await assert.rejects(pull({ platform }), refused);
    serveImage(registry, sampleImage({ architecture: "arm64" }), "single");
    await assert.rejects(subject.images.pull(`${registry.host}/a/b:single`, { platform }), refused);
    assert.deepEqual(await subject.contents(), { blobs: [], ingests: [], snapshots: [] });
  });

  it("takes Docker's documents, uncompressed layers and zstd", async () => {
    const docker = sampleImage({ layers: [{ a: "docker" }], layerType: mediaTypes.dockerLayerGzip });
    docker.manifest.mediaType = mediaTypes.dockerManifest;
    docker.manifest.config.mediaType = mediaTypes.dockerConfig;
    serveImage(registry, docker, "docker");
    serveImage(registry, sampleImage({ layers: [{ a: "none" }], compress: Buffer.from }), "none");
    serveImage(registry, sampleImage({ layers: [{ a: "zstd" }], compress: zstdCompressSync }), "zstd");
    for (const tag of ["docker", "none", "zstd"]) {
      const { image } = await subject.images.pull(`${registry.host}/a/b:${tag}`);
      assert.deepEqual(await filesOf(tag, image.chainIds.at(-1)), { a: tag });
    }
  });

  it("takes an image without layers", async () => {
    serveImage(registry, sampleImage({ layers: [] }));
    const { image } = await pull();
    assert.deepEqual(image.chainIds, []);
  });

  it("takes an image with the same layer twice", async () => {
    serveImage(registry, sampleImage({ layers: [{ a: "1" }, { a: "1" }, { a: "1" }] }));
    const { image } = await pull();
    assert.equal(new Set(image.chainIds).size, 3);
    assert.equal(count("GET /v2/a/b/blobs"), 2);
  });

  it("downloads a layer once, however many ask for it", async () => {
    const shared = { shared: "x".repeat(100_000) };
    serveImage(registry, sampleImage({ layers: [shared, { a: "1" }] }), "one");
    serveImage(registry, sampleImage({ layers: [shared, { a: "2" }] }), "two");
    const tags = ["one", "two", "one", "two", "one"];
    const pulled = await Promise.all(tags.map((tag) => subject.images.pull(`${registry.host}/a/b:${tag}`)));
    assert.equal(new Set(pulled.map(({ image }) => image.id)).size, 2);
    assert.equal(count("GET /v2/a/b/blobs"), 5);
    assert.equal((await subject.contents()).snapshots.length, 3);
  });

  it("pulls many images at once with little room", async () => {
    await using narrow = await openTestImages({ parallel: 1 });
    const layers = Array.from({ length: 12 }, (_, index) => ({ [`f${index}`]: "x" }));
    for (let last = 1; last <= 12; last += 1) {
      serveImage(registry, sampleImage({ layers: layers.slice(0, last) }), `t${last}`);
    }
    const tags = Array.from({ length: 12 }, (_, index) => `${registry.host}/a/b:t${12 - index}`);
    const pulled = await Promise.all(tags.map((tag) => narrow.images.pull(tag)));
    assert.equal(pulled.at(0)?.image.chainIds.length, 12);
    assert.equal((await narrow.contents()).snapshots.length, 12);
  });

  it("reports the progress of each layer", async () => {
    const sample = sampleImage({ layers: [{ a: "1" }] });
    serveImage(registry, sample);
    const events: object[] = [];
    await pull({ onProgress: (event: ProgressEvent) => void events.push(event) });
    const layer = sample.manifest.layers[0];
    const id = layer?.digest;
    const total = layer?.size;
    assert.deepEqual(events, [
      { id, status: "waiting" },
      { id, status: "downloading", current: total, total },
      { id, status: "downloaded" },
      { id, status: "complete", total },
    ]);
    events.length = 0;
    await pull({ onProgress: (event: ProgressEvent) => void events.push(event) });
    assert.deepEqual(events, [
      { id, status: "waiting" },
      { id, status: "exists" },
    ]);
  });

  it("keeps an image without a name when its tag moves on", async () => {
    const old = sampleImage({ layers: [{ a: "old" }] });
    serveImage(registry, old);
    await pull();
    await subject.images.remove(
      `${name.replace(":latest", "")}@${(await subject.images.get(old.id)).target.digest}`,
    );
    serveImage(registry, sampleImage({ layers: [{ a: "new" }] }));
    assert.equal((await pull()).changed, true);
    assert.deepEqual((await subject.images.get(old.id)).names, []);
    assert.equal((await subject.images.list()).length, 2);
  });

  describe("goes on after", () => {
    it("a connection that broke in the middle of a layer", async () => {
      const sample = sampleImage({ layers: [{ a: "x".repeat(50_000) }], compress: Buffer.from });
      serveImage(registry, sample);
      const layer = sample.manifest.layers[0];
      const data = sample.blobs.get(layer?.digest as never) as Buffer;
      registry.faults.push(times(1, layer?.digest ?? "", truncate(data, 20_000)));
      await pull();
      assert.equal(registry.headers.at(-1)?.range, "bytes=20000-");
    });

    it("a pull that failed, from where it was", async () => {
      const sample = sampleImage({ layers: [{ a: "x".repeat(50_000) }], compress: Buffer.from });
      serveImage(registry, sample);
      const layer = sample.manifest.layers[0];
      const data = sample.blobs.get(layer?.digest as never) as Buffer;
      registry.faults.push(times(1, layer?.digest ?? "", truncate(data, 20_000)));
      registry.faults.push(times(5, layer?.digest ?? "", hangUp));
      await assert.rejects(pull(), { kind: "unavailable" });
      assert.deepEqual((await subject.contents()).snapshots, []);
      const { image } = await pull();
      assert.equal(registry.headers.at(-1)?.range, "bytes=20000-");
      assert.deepEqual(await filesOf("c", image.chainIds[0]), { a: "x".repeat(50_000) });
    });

    it("bytes of an earlier attempt that turn out to be damaged", async () => {
      const sample = sampleImage({ layers: [{ a: "x".repeat(50_000) }], compress: Buffer.from });
      serveImage(registry, sample);
      const digest = sample.manifest.layers[0]?.digest ?? "";
      const damaged = Buffer.from(sample.blobs.get(digest as never) as Buffer).fill("!", 15_000, 15_100);
      registry.faults.push(times(1, digest, truncate(damaged, 20_000)), times(5, digest, hangUp));
      await assert.rejects(pull(), { kind: "unavailable" });
      assert.equal((await subject.contents()).ingests.length, 1);
      await pull();
      assert.deepEqual((await subject.contents()).ingests, []);
    });

    it("a process that was killed just before a document was complete", async () => {
      const sample = sampleImage();
      const { digest, size } = serveImage(registry, sample);
      const manifest = JSON.stringify(sample.manifest);
      const ingest = (blob: string) => join(subject.root, "content/ingest", blob.replace(":", "-"));
      for (const bytes of [size, 10]) {
        await writeFile(ingest(digest), manifest.slice(0, bytes));
        await writeFile(ingest(sample.id), JSON.stringify(sample.config).slice(0, bytes));
        await pull();
        await subject.images.remove(name);
      }
    });

    it("a blob of the store that was damaged", async () => {
      const sample = sampleImage({ layers: [{ a: "1" }], compress: Buffer.from });
      serveImage(registry, sample);
      await pull();
      const digest = sample.manifest.layers[0]?.digest ?? "";
      const size = sample.manifest.layers[0]?.size ?? 0;
      await writeFile(`${subject.root}/content/blobs/sha256/${digest.slice(7)}`, Buffer.alloc(size, "z"));
      subject.database.sql.exec("DELETE FROM snapshots");
      subject = { ...subject, images: await subject.reopen() };
      await pull();
      assert.equal(count(`GET /v2/a/b/blobs/${digest}`), 2);
    });
  });

  it("stops at its signal and keeps what came", async () => {
    const sample = sampleImage({ layers: [{ a: "x".repeat(50_000) }], compress: Buffer.from });
    serveImage(registry, sample);
    const digest = sample.manifest.layers[0]?.digest ?? "";
    const data = sample.blobs.get(digest as never) as Buffer;
    const abort = new AbortController();
    registry.faults.push(
      times(1, digest, (_, response) => {
        response.writeHead(200, { "content-length": data.length });
        response.write(data.subarray(0, 30_000));
        return true;
      }),
    );
    const pending = pull({
      signal: abort.signal,
      onProgress: (event: ProgressEvent) => {
        if (event.status === "downloading") abort.abort(new Error("enough"));
      },
    });
    await assert.rejects(pending, /enough/);
    assert.deepEqual((await subject.contents()).snapshots, []);
    await pull();
    assert.match(registry.headers.at(-1)?.range ?? "", /^bytes=\d+-$/);
  });

  it("lets one of two go on whose other one is canceled", async () => {
    serveImage(registry, sampleImage({ layers: [{ a: "x".repeat(50_000) }] }));
    const abort = new AbortController();
    const canceled = pull({ signal: abort.signal });
    const other = pull();
    abort.abort(new Error("enough"));
    await assert.rejects(canceled, /enough/);
    assert.deepEqual((await other).image.names, [name]);
  });

  it("says what to do when the registry cannot be reached", async () => {
    await registry[Symbol.asyncDispose]();
    await assert.rejects(pull(), { code: "IMAGE_REGISTRY_UNREACHABLE", hint: /tug load/ });
    registry = await startFakeRegistry();
  });

  it("refuses names that are none, and embedded ones", async () => {
    await assert.rejects(subject.images.pull("Debian"), { code: "IMAGE_REFERENCE" });
    await assert.rejects(subject.images.pull("tug/hello"), { code: "IMAGE_NOT_FOUND" });
  });
});
