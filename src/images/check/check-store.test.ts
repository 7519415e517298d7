import assert from "node:assert/strict";
import { readdir, readFile, rm, truncate, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, beforeEach, describe, it } from "node:test";
import { type Digest, sha256, splitDigest } from "../../base/index.ts";
import { parseReference } from "../reference.ts";
import { type FakeRegistry, startFakeRegistry } from "../testing/fake-registry.ts";
import { openTestImages, type TestImages } from "../testing/open-images.ts";
import {
  layerArchive,
  type SampleImage,
  sampleImage,
  serveImage,
  serveIndex,
} from "../testing/sample-image.ts";
import type { CheckRequest } from "./check-store.ts";
import type { StoreReport } from "./report.ts";

describe("check", () => {
  let registry: FakeRegistry;
  let subject: TestImages;
  let name: string;
  let sample: SampleImage;
  beforeEach(async () => {
    registry = await startFakeRegistry();
    subject = await openTestImages();
    name = `${registry.host}/a/b:latest`;
    sample = sampleImage({ layers: [{ a: "1" }, { b: "2" }, { c: "3" }] });
  });
  afterEach(async () => {
    await subject[Symbol.asyncDispose]();
    await registry[Symbol.asyncDispose]();
  });

  const check = (request?: CheckRequest) => subject.images.check(request);
  const blobFile = (digest: Digest) => join(subject.root, "content/blobs/sha256", splitDigest(digest).hex);
  const found = ({ problems }: StoreReport) =>
    problems.map(({ kind, subject: about, repaired }) => [kind, about, repaired]);
  const pull = async (image: SampleImage): Promise<Digest> => {
    const { digest } = serveImage(registry, image);
    await subject.images.pull(name);
    return digest;
  };
  const damage = async (digest: Digest): Promise<void> => {
    const bytes = await readFile(blobFile(digest));
    bytes[0] = (bytes[0] ?? 0) ^ 1;
    await writeFile(blobFile(digest), bytes);
  };
  const layer = (index: number): Digest => sample.manifest.layers[index]?.digest as Digest;
  const layerDirectory = async (index: number): Promise<string> => {
    const { chainIds } = await subject.images.get(name);
    return join(subject.root, "snapshots", splitDigest(chainIds[index] as Digest).hex.slice(0, 32), "fs");
  };

  it("finds nothing wrong with what was pulled, and changes nothing", async () => {
    serveIndex(registry, [sample, sampleImage({ architecture: "arm64" })]);
    await subject.images.pull(name, { platform: { os: "linux", architecture: "amd64" } });
    const before = await subject.contents();
    const seen: number[] = [];
    const report = await check({ onChecked: ({ current }) => seen.push(current) });
    assert.deepEqual(report.problems, []);
    assert.deepEqual([report.images, report.snapshots, report.blobs], [1, 3, 6]);
    assert.deepEqual(report.leftovers, { count: 0, bytes: 0, removed: false });
    assert.equal(seen.at(-1), report.bytes);
    assert.deepEqual(await subject.contents(), before);
    assert.deepEqual((await check({ repair: true })).problems, []);
  });

  it("finds exactly the blob that was changed, cut short or deleted, and fetches only that again", async () => {
    await pull(sample);
    const ways: [Digest, string, RegExp, (path: string) => Promise<unknown>][] = [
      [layer(1), "blob-damaged", /another digest$/, () => damage(layer(1))],
      [layer(2), "blob-damaged", / it has 3 bytes instead of \d+$/, (path) => truncate(path, 3)],
      [layer(0), "blob-missing", / is missing$/, (path) => rm(path)],
      [sample.id, "blob-damaged", /another digest$/, () => damage(sample.id)],
    ];
    for (const [digest, kind, sentence, harm] of ways) {
      await harm(blobFile(digest));
      const report = await check();
      assert.deepEqual(found(report), [[kind, digest, false]]);
      assert.match(report.problems[0]?.sentence ?? "", sentence);
      assert.deepEqual(report.problems[0]?.images, [name]);
      assert.match(report.problems[0]?.hint ?? "", /tug rmi /);
      const before = registry.requests.length;
      assert.deepEqual(found(await check({ repair: true })), [[kind, digest, true]]);
      assert.equal(
        registry.requests.slice(before).filter((request) => request.startsWith("GET")).length,
        1,
        String(registry.requests.slice(before)),
      );
      assert.equal(sha256(await readFile(blobFile(digest))), digest);
      assert.deepEqual((await check()).problems, []);
    }
  });

  it("goes on from a manifest that was put right to what is wrong below it", async () => {
    const manifest = await pull(sample);
    await damage(manifest);
    await rm(blobFile(sample.id));
    await rm(blobFile(layer(1)));
    assert.deepEqual(found(await check()), [["blob-damaged", manifest, false]]);
    assert.equal((await check()).leftovers, undefined);
    assert.deepEqual(found(await check({ repair: true })), [
      ["blob-damaged", manifest, true],
      ["blob-missing", sample.id, true],
      ["blob-missing", layer(1), true],
    ]);
    assert.deepEqual(
      (await subject.images.list()).map(({ names }) => names),
      [[name]],
    );
  });

  it("says what to do when nobody has the bytes any more", async () => {
    await pull(sample);
    await registry[Symbol.asyncDispose]();
    await damage(layer(0));
    const report = await check({ repair: true, signal: AbortSignal.timeout(30_000) });
    assert.deepEqual(found(report), [["blob-damaged", layer(0), false]]);
    assert.match(report.problems[0]?.hint ?? "", /^it could not be fetched again: /);
    registry = await startFakeRegistry();
  });

  it("unpacks again a layer that has lost its files, but not below a container", async () => {
    await pull(sample);
    await rm(await layerDirectory(1), { recursive: true });
    const { chainIds } = await subject.images.get(name);
    assert.deepEqual(found(await check()), [["files-missing", chainIds[1], false]]);
    assert.deepEqual(found(await check({ repair: true })), [["files-missing", chainIds[1], true]]);
    const { lowers } = await subject.images.prepareContainerSnapshot("f".repeat(64), chainIds[2] as Digest);
    assert.deepEqual(subject.files(lowers), { a: "1", b: "2", c: "3" });
    await rm(await layerDirectory(0), { recursive: true });
    const report = await check({ repair: true });
    assert.deepEqual(found(report), [["files-missing", chainIds[0], false]]);
    assert.match(report.problems[0]?.hint ?? "", /remove the containers .*: tug rm ffffffffffff$/);
  });

  it("knows a container whose files are gone", async () => {
    await pull(sample);
    const { chainIds } = await subject.images.get(name);
    const key = "f".repeat(64);
    const { upper = "" } = await subject.images.prepareContainerSnapshot(key, chainIds[2] as Digest);
    const containers = new Map([
      [key, "web"],
      ["e".repeat(64), "never-there"],
    ]);
    await rm(upper, { recursive: true });
    assert.deepEqual(
      (await check({ containers })).problems.map(({ sentence }) => sentence),
      ["container web has lost its files", "container never-there has lost its files"],
    );
  });

  it("removes what nothing needs only when it is asked to", async () => {
    await pull(sample);
    const stray = Buffer.from("stray");
    await writeFile(blobFile(sha256(stray)), stray);
    const report = await check();
    assert.deepEqual(report.problems, []);
    assert.deepEqual(report.leftovers, { count: 1, bytes: 5, removed: false });
    await writeFile(blobFile(sha256("other")), "damaged");
    assert.deepEqual(found(await check()), [["blob-damaged", sha256("other"), false]]);
    const repaired = await check({ repair: true });
    assert.deepEqual(found(repaired), [["blob-damaged", sha256("other"), true]]);
    assert.deepEqual(repaired.leftovers, { count: 1, bytes: 5, removed: true });
    assert.equal((await readdir(join(subject.root, "content/blobs/sha256"))).length, 5);
  });

  it("writes the list for other tools again", async () => {
    await pull(sample);
    const path = join(subject.root, "content/index.json");
    const before = await readFile(path, "utf8");
    for (const text of ["{", '{"schemaVersion":2,"manifests":[]}']) {
      await writeFile(path, text);
      assert.deepEqual(found(await check()), [["list", "index.json", false]]);
      assert.deepEqual(found(await check({ repair: true })), [["list", "index.json", true]]);
      assert.equal(await readFile(path, "utf8"), before);
    }
  });

  it("restores an image that the program brings along, and opens although it is damaged", async () => {
    const embedded = {
      reference: parseReference("tug/hello", { embedded: ["tug/hello"] }),
      config: { architecture: "amd64", os: "linux" },
      layers: [layerArchive({ hello: "hello" })],
    };
    const image = await subject.images.importEmbedded(embedded);
    await damage(image.layers[0]?.digest as Digest);
    await damage(image.id);
    const repaired = await check({ repair: true, embedded: async () => [embedded] });
    assert.deepEqual(
      repaired.problems.map((problem) => problem.repaired),
      [true, true],
    );
    await damage(image.manifest.digest);
    assert.equal((await subject.images.importEmbedded(embedded)).id, image.id);
    assert.deepEqual((await check()).problems, []);
  });

  it("takes nothing for wrong that is pulled or removed meanwhile", async () => {
    const images = [0, 1, 2].map((number) =>
      sampleImage({ layers: [{ base: "" }, { [number]: `${number}` }] }),
    );
    for (const [number, image] of images.entries()) serveImage(registry, image, `t${number}`);
    let working = images.length;
    const work = images.map(async (_, number) => {
      const reference = `${registry.host}/a/b:t${number}`;
      for (let times = 0; times < 8; times += 1) {
        await subject.images.pull(reference);
        await subject.images.remove(reference, { force: true });
      }
      working -= 1;
    });
    do {
      const { problems } = await check({ repair: working % 2 === 0 });
      assert.deepEqual(problems, []);
    } while (working > 0);
    await Promise.all(work);
  });

  it("can be aborted", async () => {
    await pull(sample);
    await assert.rejects(check({ signal: AbortSignal.abort() }), { name: "AbortError" });
  });
});
