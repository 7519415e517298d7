import assert from "node:assert/strict";
import { chmod, mkdir, mkdtemp, readdir, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, dirname, join } from "node:path";
import { afterEach, beforeEach, describe, it } from "node:test";
import { type Database, openDatabase } from "../../base/index.ts";
import { createMemoryMounter } from "../testing/memory-mounter.ts";
import { createLayerMounts } from "./layer-mounts.ts";
import { openOverlaySnapshotter } from "./overlay.ts";
import { snapshotMigrations } from "./snapshot-table.ts";
import { snapshotterContract } from "./snapshotter.contract.ts";

const usage = { bytes: 1, inodes: 1 };
const measure = async () => ({ bytes: 42, inodes: 7 });

async function directory() {
  const root = await mkdtemp(join(tmpdir(), "tug-overlay-"));
  return { root, dispose: () => rm(root, { recursive: true }) };
}

for (const form of ["overlay", "erofs"] as const) {
  snapshotterContract(`overlay with layers of the form ${form}`, async () => {
    const { root, dispose } = await directory();
    const database = openDatabase(join(root, "db"), snapshotMigrations);
    const mounter = createMemoryMounter();
    const access = async () => ({ direct: false, loop: false });
    const layers = createLayerMounts({ root: join(root, "mounts"), mounter, probe: access });
    const reopen = () => openOverlaySnapshotter({ root: join(root, "s"), database, measure, layers });
    return {
      snapshotter: await reopen(),
      form,
      shown: ({ upper = "" }) => (form === "overlay" ? upper : layers.path(basename(dirname(upper)))),
      reopen,
      async dispose() {
        database.close();
        await dispose();
      },
    };
  });
}

describe("overlay", () => {
  let root: string;
  let dispose: () => Promise<void>;
  let database: Database;
  beforeEach(async () => {
    ({ root, dispose } = await directory());
    database = openDatabase(":memory:", snapshotMigrations);
  });
  afterEach(async () => {
    database.close();
    await dispose();
  });
  const open = (options = {}) => openOverlaySnapshotter({ root, database, measure, ...options });

  it("keeps directories with short names", async () => {
    const snapshotter = await open();
    assert.deepEqual(await snapshotter.prepare("some key/with a slash"), {
      lowers: [],
      upper: join(root, "1/fs"),
      work: join(root, "1/work"),
    });
    assert.deepEqual((await readdir(join(root, "1"))).sort(), ["fs", "work"]);
  });

  it("removes the directory with the snapshot", async () => {
    const snapshotter = await open();
    const { upper } = await snapshotter.prepare("a");
    await mkdir(join(upper ?? "", "x/y"), { recursive: true });
    await snapshotter.remove("a");
    assert.deepEqual(await readdir(root), []);
  });

  it("names directories by what the snapshots are, on every machine alike", async () => {
    const snapshotter = await open();
    const digest = `sha256:${"0123456789abcdef".repeat(4)}`;
    const container = "f".repeat(64);
    await snapshotter.prepare("filling a layer", undefined, { becomes: digest });
    await snapshotter.prepare("filling it again", undefined, { becomes: digest });
    await snapshotter.commit(digest, "filling a layer", { usage: { bytes: 0, inodes: 0 } });
    const { upper, lowers } = await snapshotter.prepare(container, digest);
    assert.deepEqual(lowers, [join(root, "0123456789abcdef0123456789abcdef/fs")]);
    assert.equal(upper, join(root, container, "fs"));
    assert.deepEqual(snapshotter.predict("e".repeat(64), digest).lowers, lowers);
  });

  it("leaves nothing after a prepare that failed", async () => {
    const snapshotter = await open();
    await writeFile(join(root, "a"), "in the way");
    await assert.rejects(snapshotter.prepare("a"), { code: "IMAGE_STORAGE" });
    assert.deepEqual(await readdir(root), []);
    await snapshotter.prepare("a");
  });

  it("removes at open what a crash left", async () => {
    const snapshotter = await open();
    await snapshotter.prepare("kept");
    await snapshotter.prepare("half made");
    await snapshotter.prepare("half removed");
    await mkdir(join(root, "99"));
    database.sql.exec("UPDATE snapshots SET state = 'making' WHERE key = 'half made'");
    database.sql.exec("UPDATE snapshots SET state = 'removing' WHERE key = 'half removed'");
    const again = await open();
    assert.deepEqual(
      again.list().map(({ key }) => key),
      ["kept"],
    );
    assert.deepEqual(await readdir(root), ["kept"]);
  });

  it("finishes at open a removal that a crash cut off", async () => {
    const removeTree = async () => {
      throw new Error("killed");
    };
    const snapshotter = await open({ removeTree });
    await snapshotter.prepare("a");
    await assert.rejects(snapshotter.remove("a"), /killed/);
    assert.equal(snapshotter.info("a"), undefined);
    assert.deepEqual(await readdir(root), ["removed-1"]);
    await open();
    assert.deepEqual(await readdir(root), []);
  });

  it("gives an upper directory the mode of the root below", async () => {
    const snapshotter = await open();
    const { upper } = await snapshotter.prepare("a");
    await chmod(upper ?? "", 0o1710);
    await snapshotter.commit("1", "a", { usage });
    const top = await snapshotter.prepare("b", "1");
    assert.equal((await stat(top.upper ?? "")).mode & 0o7777, 0o1710);
  });

  it("measures what nobody counted", async () => {
    const snapshotter = await open();
    await snapshotter.prepare("a");
    assert.deepEqual(await snapshotter.usage("a"), { bytes: 42, inodes: 7 });
    await snapshotter.commit("1", "a");
    assert.deepEqual(await snapshotter.usage("1"), { bytes: 42, inodes: 7 });
  });
});
