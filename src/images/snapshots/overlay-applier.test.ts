import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, it } from "node:test";
import { type Database, openDatabase, sha256 } from "../../base/index.ts";
import type { Node } from "../../tar/index.ts";
import { archiveOf, directoryNode, fileNode } from "../../tar/testing/archives.ts";
import type { LayerApplier } from "../install-layer.ts";
import { createMemoryTrees, type MemoryTrees } from "../testing/memory-trees.ts";
import { openOverlaySnapshotter } from "./overlay.ts";
import { createOverlayApplier } from "./overlay-applier.ts";
import { snapshotMigrations } from "./snapshot-table.ts";
import type { Snapshotter } from "./snapshotter.ts";

const secret = { mode: 0o700, uid: 7, gid: 8, mtime: { seconds: 99, nanoseconds: 1 } };

describe("overlay applier", () => {
  let root: string;
  let database: Database;
  let snapshotter: Snapshotter;
  let trees: MemoryTrees;
  let applier: LayerApplier;
  beforeEach(async () => {
    root = await mkdtemp(join(tmpdir(), "tug-applier-"));
    database = openDatabase(":memory:", snapshotMigrations);
    trees = createMemoryTrees();
    const measure = async () => ({ bytes: 0, inodes: 0 });
    snapshotter = await openOverlaySnapshotter({ root, database, measure });
    applier = createOverlayApplier(snapshotter, trees);
  });
  afterEach(async () => {
    database.close();
    await rm(root, { recursive: true });
  });

  /** Stacks layers, the lowest first, and gives the metadata of a directory in the topmost. */
  async function topmost(path: string, ...layers: Node[][]): Promise<Partial<Node> | undefined> {
    for (const { key } of snapshotter.list().reverse()) await snapshotter.remove(key);
    let parent: string | undefined;
    let upper = "";
    for (const [index, nodes] of layers.entries()) {
      const archive = archiveOf(nodes.map((node) => ({ node })));
      const data = (async function* give() {
        yield archive;
      })();
      upper = (await snapshotter.prepare(`key ${index}`)).upper ?? "";
      const layer = await applier.apply(`key ${index}`, {
        data,
        diffId: sha256(archive),
        blobSize: archive.length,
      });
      const usage = await applier.settle(`key ${index}`, parent, layer);
      const { hidesAll } = layer;
      await snapshotter.commit(`layer ${index}`, `key ${index}`, { parent, usage, hidesAll });
      parent = `layer ${index}`;
    }
    const { mode, uid, gid, mtime } = trees.tree(upper).get(path)?.node ?? {};
    return { mode, uid, gid, mtime } as Partial<Node>;
  }

  const plain = { mode: 0o755, uid: 0, gid: 0, mtime: { seconds: 0, nanoseconds: 0 } };

  it("gives a directory without an entry what it has in the layer below", async () => {
    assert.deepEqual(await topmost("root", [directoryNode("root", secret)], [fileNode("root/x")]), secret);
  });

  it("looks through layers that do not have the directory", async () => {
    const layers = [
      [directoryNode("a/b", secret)],
      [fileNode("other")],
      [fileNode("a/c")],
      [fileNode("a/b/x")],
    ];
    assert.deepEqual(await topmost("a/b", ...layers), secret);
  });

  it("takes it from the next layer, which took it from another", async () => {
    const layers = [[directoryNode("a", secret)], [fileNode("a/x")], [fileNode("a/y")]];
    assert.deepEqual(await topmost("a", ...layers), secret);
  });

  it("does so for the root of the tree", async () => {
    assert.deepEqual(await topmost("", [directoryNode("./", secret)], [fileNode("x")]), secret);
  });

  it("leaves a directory alone that has an entry, or that nothing below has", async () => {
    const own = { ...plain, mode: 0o711 };
    assert.deepEqual(
      await topmost("a", [directoryNode("a", secret)], [directoryNode("a", own), fileNode("a/x")]),
      own,
    );
    assert.deepEqual(await topmost("a", [fileNode("b")], [fileNode("a/x")]), plain);
  });

  it("takes nothing from below a whiteout or an opaque directory", async () => {
    const base = [directoryNode("a", secret), directoryNode("a/b", secret)];
    assert.deepEqual(await topmost("a/b", base, [fileNode(".wh.a")], [fileNode("a/b/x")]), plain);
    assert.deepEqual(await topmost("a/b", base, [fileNode("a/.wh..wh..opq")], [fileNode("a/b/x")]), plain);
    assert.deepEqual(await topmost("a", base, [fileNode(".wh.a"), fileNode("a/x")]), plain);
  });

  it("keeps the metadata of a directory that becomes opaque, and the mark", async () => {
    const layers = [[directoryNode("a", secret)], [fileNode("a/.wh..wh..opq"), fileNode("a/x")]];
    assert.deepEqual(await topmost("a", ...layers), secret);
    const tree = trees.tree(join(root, "2/fs"));
    assert.ok(tree.get("a")?.node.xattrs.has("trusted.overlay.opaque"));
  });
});
