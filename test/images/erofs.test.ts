import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { mkdir, mkdtemp, readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { sha256 } from "../../src/base/index.ts";
import { helperTrees } from "../../src/engine/trees.ts";
import { createHelper } from "../../src/helper/index.ts";
import { indexLayer, layerFiles } from "../../src/images/layers/index-layer.ts";
import { decodeListing } from "../../src/images/layers/records.ts";
import { unpackLayer } from "../../src/images/layers/unpack-layer.ts";
import { erofsFlags } from "../../src/plan/index.ts";
import type { Node } from "../../src/tar/index.ts";
import {
  needsErofs,
  needsLoops,
  type TarEntry,
  tarArchive,
  temporaryDirectory,
} from "../environment/index.ts";
import { run as runPlan, slot } from "../helper/driver.ts";
import { makeTree } from "./make-tree.ts";
import { assertSameTree, helperPath, listTree, requireHelper, run } from "./store.ts";

const trees = helperTrees(createHelper(helperPath));
const skip = requireHelper() || needsErofs();

async function* inPieces(data: Uint8Array, length = 12_345) {
  for (let at = 0; at < data.length; at += length) yield data.subarray(at, at + length);
}

/** An indexed layer, mounted; undefined where the kernel refuses to mount files of that place. */
async function mountLayer(
  root: string,
  archive: Uint8Array,
  { flags = 0, changed = [] }: { flags?: number; changed?: readonly Node[] } = {},
) {
  const [directory, target] = [join(root, "layer"), join(root, "mount")];
  for (const each of [directory, target]) await mkdir(each);
  const layer = await indexLayer(inPieces(archive), {
    directory,
    diffId: sha256(archive),
    blobSize: archive.length,
  });
  const usage = await layer.complete(changed);
  const devices = [layerFiles.archive, layerFiles.sparse].map((name) => join(directory, name));
  const outcome = await runPlan({
    host: [
      {
        op: "erofs",
        image: join(directory, layerFiles.index),
        devices: devices.filter(existsSync),
        flags,
        out: slot(0),
      },
      { op: "attachOnHost", mount: slot(0), path: target },
    ],
  });
  return {
    target,
    directory,
    usage,
    failure: outcome.failure,
    async [Symbol.asyncDispose]() {
      const { failure } = await runPlan({ host: [{ op: "releaseMount", path: target }] });
      assert.equal(failure, undefined);
      assert.equal(existsSync(target), false);
    },
  };
}

/** What the helper tells of all files below a directory, a line for each, without the time of the top directory. */
async function listNodes(directory: string): Promise<string[]> {
  const lines: string[] = [];
  for await (const node of decodeListing(trees.list(directory))) {
    const xattrs = [...node.xattrs].map(([name, value]) => `${name}=${Buffer.from(value).toString("hex")}`);
    const mtime = node.path === "" ? undefined : node.mtime;
    lines.push(JSON.stringify({ ...node, mtime, xattrs: xattrs.sort() }));
  }
  return lines;
}

/** Compares the index of an archive, as the kernel reads it, with the files that unpacking makes. */
async function assertSameAsUnpacked(archive: Uint8Array, root: string): Promise<void> {
  const tree = join(root, "tree");
  await mkdir(tree);
  const known = { diffId: sha256(archive), blobSize: archive.length };
  await unpackLayer(inPieces(archive), { trees, directory: tree, ...known });
  await using mounted = await mountLayer(root, archive);
  assert.equal(mounted.failure, undefined);
  assertSameTree(await listNodes(mounted.target), await listNodes(tree));
  assertSameTree(await listTree(mounted.target), await listTree(tree));
}

for (const options of [["--format=gnu"], ["--format=pax"], ["--format=pax", "--sparse-version=0.1"]]) {
  test(`the index of an archive of GNU tar ${options.join(" ")} shows what unpacking makes`, {
    skip,
  }, async () => {
    await using place = await temporaryDirectory();
    const [source, archive] = [join(place.path, "source"), join(place.path, "archive.tar")];
    await mkdir(source);
    await makeTree(source, false);
    await run("tar", ["--numeric-owner", "-S", ...options, "-cf", archive, "-C", source, "."]);
    await assertSameAsUnpacked(await readFile(archive), place.path);
  });
}

const label = { "security.label": Buffer.from("same for all") };

/** What layers have besides plain files: whiteouts, links to what is replaced later, large directories, attributes. */
const awkward: readonly TarEntry[] = [
  { path: "a/b/implied", content: "parents are missing" },
  { path: "etc", type: "directory", mode: 0o700, modified: 1_000_000, attributes: label },
  { path: "etc/first", content: "first", uid: 70_000, gid: 3_000_000 },
  { path: "etc/link", type: "hardlink", target: "etc/first" },
  { path: "etc/first", content: "second", mode: 0o4755 },
  { path: "etc/gone", content: "x" },
  { path: "etc/gone", type: "symlink", target: "first" },
  { path: "etc", type: "directory", mode: 0o1750, modified: 2_000_000 },
  { path: "etc/.wh.removed" },
  { path: "opaque/.wh..wh..opq" },
  { path: "opaque/file", content: "y", attributes: label },
  { path: ".wh.back" },
  { path: "back", type: "directory" },
  { path: "back/file", content: "" },
  { path: "long-target", type: "symlink", target: "t/".repeat(300) },
  { path: "middle-target", type: "symlink", target: "m".repeat(447), attributes: label },
  { path: "pipe", type: "fifo", mode: 0o600 },
  { path: "device", type: "block", device: { major: 259, minor: 70_000 } },
  { path: "future", content: "after 2106", modified: 2 ** 33 - 1 },
  {
    path: "attributes",
    content: "z",
    attributes: {
      "security.capability": Buffer.from("0100000200200000000000000000000000000000", "hex"),
      "user.empty": Buffer.alloc(0),
      "user.note": Buffer.from("a\n=b\0c"),
      "user.large": Buffer.alloc(1500, "v"),
      "trusted.secret": Buffer.from("t"),
    },
  },
  ...Array.from({ length: 1200 }, (_, index) => ({
    path: `huge/${index % 7 === 0 ? "n".repeat(250) : "-"}${index}`,
    content: `${index}`,
  })),
  ...["!", "-dash", ".a", ".-", "..x", "~"].map((name) => ({ path: `order/${name}`, content: name })),
  ...[511, 512, 513, 4096, 70_000].map((size) => ({
    path: `size/${size}`,
    content: Buffer.alloc(size, `${size} `),
  })),
];

test("the index of an awkward layer shows what unpacking makes", { skip }, async () => {
  await using place = await temporaryDirectory();
  await assertSameAsUnpacked(tarArchive(awkward), place.path);
});

test("a directory takes what the layer below says of it", { skip }, async () => {
  await using place = await temporaryDirectory();
  const archive = tarArchive([{ path: "root/file", content: "x" }]);
  const changed: Node = {
    type: "directory",
    path: "root",
    link: "",
    mode: 0o700,
    uid: 5,
    gid: 6,
    mtime: { seconds: -7, nanoseconds: 8 },
    size: 0,
    major: 0,
    minor: 0,
    xattrs: new Map([["user.note", Buffer.from("kept")]]),
  };
  await using mounted = await mountLayer(place.path, archive, { changed: [changed] });
  const expected = JSON.stringify({ ...changed, xattrs: ["user.note=6b657074"] });
  assert.deepEqual((await listNodes(mounted.target))[1], expected);
});

test("a layer can be read past the page cache, and through loop devices", { skip }, async (t) => {
  const archive = tarArchive(awkward);
  const contents: string[] = [];
  for (const flags of [0, erofsFlags.DIRECT, erofsFlags.LOOP, erofsFlags.LOOP | erofsFlags.DIRECT]) {
    await using place = await temporaryDirectory();
    await using mounted = await mountLayer(place.path, archive, { flags });
    if (mounted.failure !== undefined) {
      t.diagnostic(`this machine refuses flags ${flags}: ${JSON.stringify(mounted.failure)}`);
      await rm(mounted.directory, { recursive: true });
      continue;
    }
    contents.push((await listTree(mounted.target)).join("\n"));
  }
  assert.ok(contents.length > 0);
  assert.equal(new Set(contents).size, 1);
});

test("what cannot be a backing file is told apart, and works by loop devices", {
  skip: skip || needsLoops(),
}, async () => {
  const root = await mkdtemp("/dev/shm/tug-erofs-");
  try {
    const archive = tarArchive(awkward);
    await using refused = await mountLayer(root, archive);
    assert.deepEqual(
      [refused.failure?.call, refused.failure?.path],
      ["fsconfig", join(refused.directory, layerFiles.index)],
    );
    await mkdir(join(root, "again"));
    await using mounted = await mountLayer(join(root, "again"), archive, { flags: erofsFlags.LOOP });
    assert.equal(mounted.failure, undefined);
    assert.equal(await readFile(join(mounted.target, "etc/first"), "utf8"), "second");
  } finally {
    await rm(root, { recursive: true });
  }
});

test("an index takes far less room than the layer, and no file of the layer is made", { skip }, async () => {
  await using place = await temporaryDirectory();
  const content = Buffer.alloc(2_000_000, "x");
  await using mounted = await mountLayer(place.path, tarArchive([{ path: "large", content }]));
  assert.equal(mounted.usage.inodes, 2);
  assert.ok(mounted.usage.bytes < content.length + 64 * 1024);
});
