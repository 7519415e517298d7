import assert from "node:assert/strict";
import { mkdir, mkdtemp, readdir, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { Readable } from "node:stream";
import { test } from "node:test";
import { layerMounter } from "../../src/engine/layer-mounter.ts";
import { createHelper } from "../../src/helper/index.ts";
import type { LayerMounter } from "../../src/images/index.ts";
import { probeLayers } from "../../src/images/snapshots/probe-layers.ts";
import {
  buildImage,
  mountsBelow,
  needsErofs,
  needsLoops,
  ociArchive,
  temporaryDirectory,
} from "../environment/index.ts";
import { assertSameTree, helperPath, listTree, openAt, requireHelper, withLayers } from "./store.ts";

const skip = requireHelper() || needsErofs();
const mounter = layerMounter(createHelper(helperPath));

/** A kernel that refuses some ways of mounting. */
function refusing(refuses: (access: { direct: boolean; loop: boolean }) => boolean): LayerMounter {
  return {
    ...mounter,
    async mount(layer, access) {
      if (refuses(access)) throw new Error("refused here");
      await mounter.mount(layer, access);
    },
  };
}

async function probe(path: string, mounter: LayerMounter) {
  const [store, mounts] = [join(path, "store"), join(path, "mounts")];
  for (const each of [store, mounts]) await mkdir(each, { recursive: true });
  try {
    return await probeLayers({ store, mounts, mounter });
  } finally {
    assert.deepEqual([await readdir(store), await readdir(mounts), mountsBelow(path)], [[], [], []]);
  }
}

test("the best way to mount layers is taken that works", { skip }, async () => {
  await using place = await temporaryDirectory();
  const best = await probe(place.path, mounter);
  const next = await probe(
    place.path,
    refusing(({ direct }) => direct),
  );
  assert.deepEqual([best.loop, next], [false, { direct: false, loop: false }]);
});

test("where a layer can be mounted, but not below two overlays, that is no way", { skip }, async () => {
  await using place = await temporaryDirectory();
  let stacked = 0;
  const shallow: LayerMounter = {
    ...mounter,
    async stack(path, scratch) {
      await mounter.stack(path, scratch);
      stacked += 1;
      if (stacked === 1) throw new Error("too many levels");
    },
  };
  const best = await probe(place.path, mounter);
  assert.notDeepEqual(await probe(place.path, shallow), best);
});

test("where no way works, it is said why and what to do", { skip }, async () => {
  await using place = await temporaryDirectory();
  await assert.rejects(
    probe(
      place.path,
      refusing(() => true),
    ),
    {
      code: "IMAGE_SNAPSHOTTER",
      message: "cannot use the snapshotter erofs: refused here",
      hint: "take the snapshotter overlay, which works everywhere",
    },
  );
});

test("on a file system that lends no files, layers go by loop devices", {
  skip: skip || needsLoops(),
}, async () => {
  const root = await mkdtemp("/dev/shm/tug-erofs-");
  try {
    assert.equal((await probe(root, mounter)).loop, true);
  } finally {
    await rm(root, { recursive: true });
  }
});

/** Layers that hide, replace and extend what is below, with parents that only the lowest has an entry for. */
const image = buildImage({
  layers: [
    {
      entries: [
        { path: "root", type: "directory", mode: 0o700, modified: 5 },
        { path: "etc", type: "directory", mode: 0o751, attributes: { "user.note": Buffer.from("low") } },
        { path: "etc/name", content: "low" },
        { path: "etc/gone", content: "low" },
        { path: "opaque/old", content: "low" },
      ],
    },
    {
      entries: [
        { path: "root/secret", content: "middle" },
        { path: "etc/name", content: "middle", mode: 0o4755 },
        { path: "etc/.wh.gone" },
        { path: "opaque/.wh..wh..opq" },
        { path: "opaque/new", content: "middle" },
        { path: "large", content: Buffer.alloc(300_000, "large ") },
        { path: "link", type: "hardlink", target: "large" },
      ],
    },
    { entries: [{ path: "root/more/files", content: "top" }] },
  ],
});

/** The files of each layer of the image in a store of that form, the topmost first. */
async function layersOf(path: string, snapshotter: "overlay" | "erofs"): Promise<string[][]> {
  await using store = await openAt(path, {}, withLayers(path, snapshotter));
  await store.images.load(Readable.from([ociArchive({ "image:1": image })]));
  const { chainIds } = await store.images.get("image:1");
  const { lowers } = await store.images.prepareContainerSnapshot("c", chainIds.at(-1));
  const trees = await Promise.all(lowers.map(listTree));
  if (snapshotter === "erofs") {
    assert.deepEqual(mountsBelow(path).sort(), [...lowers].sort());
    assert.equal((await stat(join(lowers[0] ?? "", "root"))).mode & 0o777, 0o700);
  }
  await store.images.removeContainerSnapshot("c");
  await store.images.remove("image:1");
  assert.deepEqual(await readdir(join(path, "store/snapshots")), []);
  assert.deepEqual(mountsBelow(path), []);
  return trees;
}

test("each layer shows the same files in both forms, and nothing of it stays", { skip }, async () => {
  await using place = await temporaryDirectory();
  for (const name of ["overlay", "erofs"]) await mkdir(join(place.path, name));
  const expected = await layersOf(join(place.path, "overlay"), "overlay");
  const actual = await layersOf(join(place.path, "erofs"), "erofs");
  assert.equal(actual.length, 3);
  for (const [index, tree] of actual.entries()) assertSameTree(tree, expected[index] ?? []);
});
