import assert from "node:assert/strict";
import { mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, it } from "node:test";
import { type Database, jsonLogger, openDatabase, sha256 } from "../../base/index.ts";
import { layerFiles } from "../layers/index-layer.ts";
import { createMemoryMounter, type MemoryMounter } from "../testing/memory-mounter.ts";
import { createLayerMounts } from "./layer-mounts.ts";
import { openOverlaySnapshotter } from "./overlay.ts";
import { predictMounts } from "./snapshot-paths.ts";
import { snapshotMigrations } from "./snapshot-table.ts";
import type { Snapshotter } from "./snapshotter.ts";

const usage = { bytes: 1, inodes: 1 };
const key = sha256("layer");

describe("layers of the form erofs", () => {
  let root: string;
  let store: string;
  let database: Database;
  let mounter: MemoryMounter;
  let logged: string[];
  beforeEach(async () => {
    root = await mkdtemp(join(tmpdir(), "tug-erofs-"));
    store = join(root, "store");
    database = openDatabase(":memory:", snapshotMigrations);
    mounter = createMemoryMounter();
    logged = [];
  });
  afterEach(async () => {
    database.close();
    await rm(root, { recursive: true });
  });

  const layers = () =>
    createLayerMounts({
      root: join(root, "mounts"),
      mounter,
      probe: async () => ({ direct: true, loop: false }),
    });
  const open = (options = {}) =>
    openOverlaySnapshotter({
      root: store,
      database,
      measure: async () => usage,
      layers: layers(),
      logger: jsonLogger((line) => logged.push(line), "debug"),
      ...options,
    });

  /** Commits a layer with the files that one has. */
  async function commit(snapshotter: Snapshotter, form: "erofs" | "overlay" = "erofs"): Promise<void> {
    await snapshotter.prepare("filling", undefined, { becomes: key });
    const [place = ""] = snapshotter.places("filling");
    for (const name of [layerFiles.index, layerFiles.archive]) await writeFile(join(place, name), "");
    await snapshotter.commit(key, "filling", { usage, form });
  }

  it("stand beside layers of the form overlay, each where it shows", async () => {
    const snapshotter = await open();
    await commit(snapshotter);
    await snapshotter.prepare("top");
    await snapshotter.commit("plain", "top", { usage, parent: key });
    const { lowers } = await snapshotter.prepare("a", "plain");
    const name = key.slice("sha256:".length, "sha256:".length + 32);
    assert.deepEqual(lowers, [join(store, "top/fs"), join(root, "mounts", name)]);
    assert.deepEqual([...mounter.mounts], [[join(root, "mounts", name), join(store, name)]]);
    const places = { root: store, layers: layers() };
    assert.deepEqual(predictMounts(places, "a", [key]).lowers, lowers.slice(1));
  });

  it("are unmounted before their files go", async () => {
    const seen: number[] = [];
    const removeTree = async (path: string) => {
      seen.push(mounter.mounts.size);
      await rm(path, { recursive: true });
    };
    const snapshotter = await open({ removeTree });
    await commit(snapshotter);
    await snapshotter.remove(key);
    assert.deepEqual(seen, [0]);
    assert.deepEqual(await readdir(store), []);
  });

  it("are mounted again after a reboot, and what a crash left is unmounted", async () => {
    await commit(await open());
    const [path = ""] = mounter.mounts.keys();
    mounter.mounts.clear();
    await rm(join(root, "mounts"), { recursive: true });
    const snapshotter = await open();
    assert.deepEqual([...mounter.mounts.keys()], [path]);
    database.sql.exec("UPDATE snapshots SET state = 'removing'");
    await open();
    assert.deepEqual([...mounter.mounts.keys()], []);
    assert.deepEqual(snapshotter.list(), []);
  });

  it("are not committed when they cannot be mounted, or nothing mounts", async () => {
    const snapshotter = await open();
    mounter.refuse = () => new Error("Structure needs cleaning");
    await assert.rejects(commit(snapshotter), /Structure needs cleaning/);
    assert.deepEqual(
      snapshotter.list().map(({ kind }) => kind),
      ["active"],
    );
    const other = await open({ layers: undefined });
    await assert.rejects(other.commit("x", "filling", { usage, form: "erofs" }), {
      code: "IMAGE_SNAPSHOT_STATE",
    });
  });

  it("are not left mounted by a commit that fails", async () => {
    const snapshotter = await open();
    await snapshotter.prepare("filling");
    const others: Promise<unknown>[] = [];
    mounter.refuse = () => {
      // Somebody takes the key while the layer is mounted.
      others.push(snapshotter.prepare("late"));
      return undefined;
    };
    const attempt = snapshotter.commit("late", "filling", { usage, form: "erofs" });
    await assert.rejects(attempt, { code: "IMAGE_SNAPSHOT_EXISTS" });
    await Promise.all(others);
    assert.equal(mounter.mounts.size, 0);
  });

  it("count as lost when they cannot be mounted, or their files are gone; the rest can be used", async () => {
    await commit(await open());
    mounter.mounts.clear();
    await rm(join(root, "mounts"), { recursive: true });
    mounter.refuse = () => new Error("Structure needs cleaning");
    const snapshotter = await open();
    assert.deepEqual(await snapshotter.missing(), [key]);
    assert.match(logged.join(""), /"snapshots.mount".*Structure needs cleaning/);
    await snapshotter.prepare("a");
    mounter.refuse = undefined;
    const again = await open();
    assert.deepEqual(await again.missing(), []);
    await rm(join(again.places(key)[0] ?? "", layerFiles.archive));
    assert.deepEqual(await again.missing(), [key]);
  });
});
