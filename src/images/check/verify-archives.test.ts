import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { mkdtemp, readFile, rm, truncate, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, afterEach, before, beforeEach, describe, it } from "node:test";
import { type Digest, splitDigest } from "../../base/index.ts";
import { archiveOf, directoryNode, fileNode, member, paxHeader } from "../../tar/testing/archives.ts";
import type { LayerMounter } from "../snapshots/layer-mounts.ts";
import { type FakeRegistry, startFakeRegistry } from "../testing/fake-registry.ts";
import { createMemoryMounter } from "../testing/memory-mounter.ts";
import { openTestImages, type TestImages } from "../testing/open-images.ts";
import { type SampleImage, sampleImage, serveImage } from "../testing/sample-image.ts";
import type { StoreReport } from "./report.ts";

/** A file of 10 MB of which the archive has three bytes. */
const sparse = Buffer.concat([
  paxHeader({ "GNU.sparse.size": "10000000", "GNU.sparse.map": "9999997,3" }),
  member({ name: "sparse", data: "end" }),
  Buffer.alloc(1024),
]);

/** The middle layer takes the metadata of /root from the lowest, and is no whole number of blocks long. */
const archives = [
  archiveOf([{ node: directoryNode("root", { mode: 0o700 }) }, { node: fileNode("a"), data: "a" }]),
  Buffer.concat([archiveOf([{ node: fileNode("root/b"), data: "b".repeat(5000) }]), Buffer.alloc(100)]),
  sparse,
];

/** Mounts nothing, but shows the file by which a store finds out how layers can be mounted. */
function createMounter(): LayerMounter {
  const mounter = createMemoryMounter();
  return {
    ...mounter,
    async mount(layer, access) {
      await mounter.mount(layer, access);
      if (!layer.path.includes("probe-")) return;
      const archive = await readFile(join(layer.directory, "layer.tar"), "latin1");
      await writeFile(join(layer.path, "file"), archive.replaceAll("\0", ""), "latin1");
    },
  };
}

describe("check of layers that are kept as archives", () => {
  let registry: FakeRegistry;
  let subject: TestImages;
  let mounts: string;
  let name: string;
  let sample: SampleImage;
  let keys: readonly Digest[];
  before(async () => {
    registry = await startFakeRegistry();
  });
  after(() => registry[Symbol.asyncDispose]());
  beforeEach(async () => {
    mounts = await mkdtemp(join(tmpdir(), "tug-mounts-"));
    const layers = { root: mounts, mounter: createMounter() };
    subject = await openTestImages({ snapshotter: "erofs", layers });
    name = `${registry.host}/a/b:latest`;
    sample = sampleImage({ archives });
    serveImage(registry, sample);
    await subject.images.pull(name);
    ({ chainIds: keys } = await subject.images.get(name));
  });
  afterEach(async () => {
    await subject[Symbol.asyncDispose]();
    await rm(mounts, { recursive: true });
  });

  const fileOf = (index: number, file: string) =>
    join(subject.root, "snapshots", splitDigest(keys[index] as Digest).hex.slice(0, 32), file);
  const check = (repair = false) => subject.images.check({ repair });
  const found = ({ problems }: StoreReport) =>
    problems.map(({ kind, subject: key, repaired }) => [kind, keys.indexOf(key as Digest), repaired]);
  const flip = async (path: string, at: number): Promise<void> => {
    const bytes = await readFile(path);
    bytes[at] = (bytes[at] ?? 0) ^ 1;
    await writeFile(path, bytes);
  };

  it("reads all of them and finds nothing wrong", async () => {
    const seen: { current: number; total: number }[] = [];
    const report = await subject.images.check({ onChecked: (step) => seen.push(step) });
    assert.deepEqual(report.problems, []);
    assert.equal(report.archives.count, 3);
    assert.ok(report.archives.bytes >= archives.reduce((sum, { length }) => sum + length, 0));
    const whole = report.bytes + report.archives.bytes;
    assert.deepEqual(seen.at(-1), { current: whole, total: whole });
  });

  const ways: Record<
    string,
    [index: number, file: string, harm: (path: string) => Promise<void>, reason: RegExp]
  > = {
    "an archive with a changed byte": [
      1,
      "layer.tar",
      (path) => flip(path, 600),
      /its archive has another digest$/,
    ],
    "an archive with a changed byte in what fills its last block": [
      1,
      "layer.tar",
      async (path) => flip(path, (await readFile(path)).length - 1),
      /its archive has another digest$/,
    ],
    "an archive that was cut short": [
      0,
      "layer.tar",
      (path) => truncate(path, 700),
      /its archive has another digest$/,
    ],
    "an index with a changed byte": [
      1,
      "index.erofs",
      (path) => flip(path, 1300),
      /its index is not that of its archive$/,
    ],
    "an index that was cut short": [
      0,
      "index.erofs",
      (path) => truncate(path, 512),
      /its index is not that of its archive$/,
    ],
    "an outline with a changed byte": [
      1,
      "outline",
      (path) => flip(path, 60),
      /its outline is not that of its archive$/,
    ],
    "an outline that is not there": [
      1,
      "outline",
      (path) => rm(path),
      /its outline is not that of its archive$/,
    ],
    "a sparse file with a changed byte": [
      2,
      "sparse",
      (path) => flip(path, 9_999_998),
      /its sparse files are not those of its archive$/,
    ],
    "a sparse file with a byte in its hole": [
      2,
      "sparse",
      (path) => flip(path, 5000),
      /its sparse files are not those of its archive$/,
    ],
    "a sparse file that is not there": [
      2,
      "sparse",
      (path) => rm(path),
      /its sparse files are not those of its archive$/,
    ],
  };
  for (const [what, [index, file, harm, reason]] of Object.entries(ways)) {
    it(`finds ${what}, and makes the layer anew without fetching anything`, async () => {
      const path = fileOf(index, file);
      const before = await readFile(path);
      await harm(path);
      const report = await check();
      assert.deepEqual(found(report), [["layer-damaged", index, false]]);
      assert.match(report.problems[0]?.sentence ?? "", reason);
      const requests = registry.requests.length;
      assert.deepEqual(found(await check(true)), [["layer-damaged", index, true]]);
      assert.equal(registry.requests.length, requests);
      assert.ok((await readFile(path)).equals(before));
      assert.deepEqual((await check()).problems, []);
    });
  }

  it("fetches the blob again where that is damaged as well", async () => {
    const blob = sample.manifest.layers[1]?.digest as Digest;
    const path = join(subject.root, "content/blobs/sha256", splitDigest(blob).hex);
    await flip(path, 15);
    await flip(fileOf(1, "layer.tar"), 600);
    const { problems } = await check(true);
    assert.deepEqual(
      problems.map(({ kind, repaired }) => [kind, repaired]),
      [
        ["blob-damaged", true],
        ["layer-damaged", true],
      ],
    );
    assert.deepEqual((await check()).problems, []);
  });

  it("keeps a damaged layer that cannot be made anew, and one below a container", async () => {
    const blob = sample.manifest.layers[2]?.digest as Digest;
    const path = join(subject.root, "content/blobs/sha256", splitDigest(blob).hex);
    const bytes = await readFile(path);
    await subject.images.tag(name, "local:1");
    await subject.images.remove(name);
    await rm(path);
    await flip(fileOf(1, "layer.tar"), 600);
    const alone = (await check(true)).problems.find(({ kind }) => kind === "layer-damaged");
    assert.equal(alone?.repaired, false);
    assert.match(alone?.hint ?? "", /^it cannot be unpacked again before blob sha256:\w+ is here: /);
    await writeFile(path, bytes);
    const key = "f".repeat(64);
    await subject.images.prepareContainerSnapshot(key, keys[2] as Digest);
    const used = await check(true);
    assert.deepEqual(found(used), [["layer-damaged", 1, false]]);
    assert.match(used.problems[0]?.hint ?? "", /remove the containers .*: tug rm ffffffffffff$/);
    await subject.images.removeContainerSnapshot(key);
    assert.deepEqual(found(await check(true)), [["layer-damaged", 1, true]]);
  });

  it("tells what is damaged that no image needs, and removes it", async () => {
    await subject.images.prepareContainerSnapshot("f".repeat(64), keys[0] as Digest);
    await subject.images.remove(name);
    await flip(fileOf(0, "layer.tar"), 600);
    const report = await check();
    assert.match(report.problems[0]?.sentence ?? "", /^layer sha256:\w+, which no image needs, is damaged: /);
    assert.deepEqual(found(await check(true)), [["layer-damaged", 0, false]]);
    await subject.images.removeContainerSnapshot("f".repeat(64));
    assert.deepEqual(found(await check(true)), [["layer-damaged", 0, true]]);
    assert.deepEqual((await check()).problems, []);
  });

  it("knows layers by the digest sha512 of an archive, too", async () => {
    const [low, top] = archives.slice(0, 2) as [Buffer, Buffer];
    const diffIds = [low, top].map(
      (data) => `sha512:${createHash("sha512").update(data).digest("hex")}` as Digest,
    );
    const other = sampleImage({
      archives: [low, top],
      config: { rootfs: { type: "layers", diff_ids: diffIds } },
    });
    serveImage(registry, other);
    await subject.images.pull(name);
    const report = await check();
    assert.deepEqual([report.problems, report.archives.count], [[], 5]);
  });
});
