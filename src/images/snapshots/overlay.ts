import { chmodSync, chownSync, mkdirSync, renameSync, statSync } from "node:fs";
import { mkdir, readdir, stat } from "node:fs/promises";
import { join } from "node:path";
import {
  type Database,
  errnoOf,
  inTurns,
  type Logger,
  messageOf,
  removeTree,
  silentLogger,
  syncDirectory,
} from "../../base/index.ts";
import { storageError } from "../content/storage-error.ts";
import { imageError } from "../errors.ts";
import { layerFiles } from "../layers/index-layer.ts";
import type { Usage } from "../layers/translate.ts";
import type { LayerMounts } from "./layer-mounts.ts";
import { replaceFiles, stripFiles } from "./replace-files.ts";
import { chainFrom, nameFor, placeOf, treeOf, writable } from "./snapshot-paths.ts";
import { createSnapshotTable, directoryOf, type SnapshotRow, type SnapshotTable } from "./snapshot-table.ts";
import type {
  CommitOptions,
  SnapshotInfo,
  SnapshotKind,
  SnapshotMounts,
  Snapshotter,
} from "./snapshotter.ts";

export type OverlayOptions = {
  /** Directory for the snapshots; made if it is not there. */
  root: string;
  database: Database;
  /** Where layers are mounted; left out: nowhere, so that none can be committed in the form `erofs`. */
  layers?: LayerMounts;
  logger?: Logger;
  /** Keys of layers that are not mounted by opening: their files may not be whole. */
  suspects?: ReadonlySet<string>;
  /** What a tree of files takes on the disk. */
  measure: (directory: string, signal?: AbortSignal) => Promise<Usage>;
  /** Removes a directory with all that is in it, without following links. */
  removeTree?: (directory: string) => Promise<void>;
  /** Milliseconds since the epoch. */
  now?: () => number;
};

/** What a snapshotter works with. */
export type Overlay = Required<Omit<OverlayOptions, "database" | "layers" | "logger">> & {
  table: SnapshotTable;
  layers: LayerMounts | undefined;
  /** Makes the names in the directory durable. */
  sync: () => Promise<void>;
};

/**
 * Snapshots as directories for overlayfs: `ROOT/NAME/fs` holds the changes, `ROOT/NAME/work` is overlayfs's own, and
 * what else is in `ROOT/NAME` belongs to whoever fills the snapshot. A layer of the form `erofs` has nothing in them: it
 * is mounted, from its commit until it is removed, and every open mounts it again if need be. NAME follows from the key where the key is a
 * digest or a container's id: the same image and container have the same paths on every machine. Which is which is in
 * the database, from before a directory is made until after it is gone.
 *
 * Opening removes what a crash left half made or half removed. Only one process may have the directory open.
 */
export async function openOverlaySnapshotter(options: OverlayOptions): Promise<Snapshotter> {
  const overlay: Overlay = {
    now: Date.now,
    removeTree,
    layers: undefined,
    suspects: new Set(),
    ...options,
    table: createSnapshotTable(options.database),
    sync: inTurns(() => syncDirectory(options.root)),
  };
  const { table } = overlay;
  await mkdir(overlay.root, { recursive: true, mode: 0o711 });
  await removeLeftovers(overlay);
  await mountLayers(overlay, options.logger ?? silentLogger);
  return {
    prepare: (key, parent, { becomes = key, ephemeral = false } = {}) =>
      make(overlay, { key, kind: "active", parent, becomes, ephemeral }),
    view: (key, parent) => make(overlay, { key, kind: "view", parent, becomes: key, ephemeral: false }),
    commit: (name, key, commitOptions = {}) => commit(overlay, { name, key, ...commitOptions }),
    replace: (name, key, options) =>
      replaceFiles(overlay, { committed: findCommitted(table, name), active: find(table, key) }, options),
    strip: (name) => stripFiles(overlay, findCommitted(table, name)),
    predict: (key, parent) => predict(overlay, key, parent),
    mounts: (key) => mountsOf(overlay, find(table, key)),
    async renew(key) {
      // Source: https://docs.kernel.org/filesystems/overlayfs.html#volatile-mount
      await overlay.removeTree(join(placeOf(overlay, find(table, key)), "work/work/incompat"));
    },
    places: (key) => chainFrom(table, find(table, key)).map((row) => placeOf(overlay, row)),
    info(key) {
      const row = table.get(key);
      return row === undefined ? undefined : describe(table, row);
    },
    list: () => listParentsFirst(table),
    hasFiles: async (key) => await hasFiles(overlay, find(table, key)),
    missing: () => findMissing(overlay),
    async usage(key, signal) {
      const row = find(table, key);
      if (row.kind === "view") return { bytes: 0, inodes: 0 };
      if (row.bytes !== null && row.inodes !== null) return { bytes: row.bytes, inodes: row.inodes };
      return await overlay.measure(treeOf(overlay, row), signal);
    },
    remove: (key, { ephemeral = false } = {}) => remove(overlay, key, ephemeral),
  };
}

type Wanted = {
  key: string;
  kind: SnapshotKind;
  parent: string | undefined;
  becomes: string;
  ephemeral: boolean;
};

async function make(
  overlay: Overlay,
  { key, kind, parent, becomes, ephemeral }: Wanted,
): Promise<SnapshotMounts> {
  const { table, now } = overlay;
  if (table.isTaken(key)) throw exists(key);
  const below = parent === undefined ? undefined : findCommitted(table, parent);
  const wanted = nameFor(becomes);
  // Somebody else may be filling a snapshot that is to become the same.
  const directory = wanted !== null && table.isDirectoryTaken(wanted) ? null : wanted;
  const id = table.insert({ key, kind, parent: below?.id ?? null, created: now(), directory });
  const place = placeOf(overlay, { id, directory });
  try {
    if (kind === "active") makeDirectories(place, below && treeOf(overlay, below));
    if (!ephemeral) await overlay.sync();
    table.markReady(id);
  } catch (error) {
    await overlay.removeTree(place);
    table.erase(id);
    throw storageError(`snapshot ${key}`, overlay.root, error);
  }
  return mountsOf(overlay, find(table, key));
}

/** @param below the files of the layer that the snapshot stands on */
function makeDirectories(place: string, below: string | undefined): void {
  const tree = join(place, "fs");
  mkdirSync(place, { mode: 0o711 });
  mkdirSync(tree);
  mkdirSync(join(place, "work"), { mode: 0o700 });
  if (below === undefined) chmodSync(tree, 0o755);
  else copyRoot(below, tree);
}

/** The top directory of an overlay decides who may enter the merged one: it must be like the one below it. */
function copyRoot(from: string, to: string): void {
  const { mode, uid, gid } = statSync(from);
  chownSync(to, uid, gid);
  chmodSync(to, mode & 0o7777);
}

async function commit(
  overlay: Overlay,
  { name, key, parent, ...options }: { name: string; key: string } & CommitOptions,
): Promise<void> {
  const { table, layers } = overlay;
  const { form = "overlay", durable = true } = options;
  const row = find(table, key);
  if (row.kind !== "active") throw wrongState(key, `commit snapshot ${key}`, `it is ${row.kind}`);
  const below = parent === undefined ? undefined : findCommitted(table, parent);
  if (below !== undefined && row.parent !== null && row.parent !== below.id) {
    throw wrongState(key, `commit snapshot ${key} on ${parent}`, "it was prepared on another snapshot");
  }
  const usage = options.usage ?? (await overlay.measure(treeOf(overlay, row)));
  if (table.isTaken(name)) throw exists(name);
  const values = { name, parent: below?.id ?? row.parent, usage, hidesAll: options.hidesAll === true, form };
  if (form === "overlay") return table.commit(row.id, values, durable);
  if (layers === undefined) throw wrongState(key, `commit snapshot ${key}`, "no layers are mounted here");
  await layers.mount(directoryOf(row), placeOf(overlay, row));
  try {
    if (table.isTaken(name)) throw exists(name);
    table.commit(row.id, values, durable);
  } catch (error) {
    await layers.unmount(directoryOf(row));
    throw error;
  }
}

async function remove(overlay: Overlay, key: string, ephemeral: boolean): Promise<void> {
  const { table, layers } = overlay;
  const row = table.get(key);
  if (row === undefined) return;
  const child = table.childOf(row);
  if (child !== undefined) {
    throw imageError("SNAPSHOT_IN_USE", `cannot remove snapshot ${key}: ${child} stands on it`);
  }
  table.markRemoving(row.id, ephemeral);
  // The name becomes free at once, as the key does.
  const removed = { id: row.id, directory: `removed-${row.id}` };
  try {
    renameSync(placeOf(overlay, row), placeOf(overlay, removed));
  } catch (error) {
    // A view has no directory.
    if (errnoOf(error) !== "ENOENT") throw error;
  }
  if (row.form === "erofs") await layers?.unmount(directoryOf(row));
  await finishRemoval(overlay, removed);
}

async function finishRemoval(overlay: Overlay, row: Pick<SnapshotRow, "id" | "directory">): Promise<void> {
  const { table, removeTree } = overlay;
  await removeTree(placeOf(overlay, row));
  table.erase(row.id);
}

/** Children before their parents, which the rows refer to; then directories that no row knows. */
async function removeLeftovers(overlay: Overlay): Promise<void> {
  const rows = overlay.table.all();
  const leftovers = rows.filter(({ state }) => state !== "ready").reverse();
  for (const row of leftovers) await finishRemoval(overlay, row);
  const known = new Set(rows.filter(({ state }) => state === "ready").map(directoryOf));
  for (const name of await readdir(overlay.root)) {
    if (!known.has(name)) await overlay.removeTree(join(overlay.root, name));
  }
}

/** Those that an engine before has mounted may still be. A layer that cannot be mounted counts as lost. */
async function mountLayers(overlay: Overlay, logger: Logger): Promise<void> {
  const isWanted = ({ key, state, form }: SnapshotRow) =>
    state === "ready" && form === "erofs" && !overlay.suspects.has(key);
  const indexed = overlay.table.all().filter(isWanted);
  const places = new Map(indexed.map((row) => [directoryOf(row), placeOf(overlay, row)]));
  await overlay.layers?.restore(places, (name, error) => {
    logger.log("error", "snapshots.mount", { directory: places.get(name), reason: messageOf(error) });
  });
}

async function findMissing(overlay: Overlay): Promise<string[]> {
  const { table } = overlay;
  const missing: string[] = [];
  for (const row of table.all()) {
    if (row.state !== "ready" || row.kind === "view") continue;
    const isThere = await hasFiles(overlay, row);
    // It may have been removed meanwhile.
    if (!isThere && table.get(row.key)?.id === row.id) missing.push(row.key);
  }
  return missing;
}

/** A layer that is mounted shows its files even when those that it is made of are gone. */
async function hasFiles(overlay: Overlay, row: SnapshotRow): Promise<boolean> {
  const place = placeOf(overlay, row);
  const needed =
    row.form === "erofs" ? [layerFiles.index, layerFiles.archive].map((name) => join(place, name)) : [];
  const found = await Promise.allSettled([treeOf(overlay, row), ...needed].map((path) => stat(path)));
  return found.every((each, index) => each.status === "fulfilled" && (index > 0 || each.value.isDirectory()));
}

function mountsOf(overlay: Overlay, row: SnapshotRow): SnapshotMounts {
  const { root, table } = overlay;
  if (row.kind === "committed") {
    throw wrongState(row.key, `mount snapshot ${row.key}`, "it is committed; make a view of it");
  }
  const lowers = lowersFrom(overlay, table.parentOf(row));
  return row.kind === "view" ? { lowers } : { lowers, ...writable(root, directoryOf(row)) };
}

function predict(overlay: Overlay, key: string, parent: string | undefined): SnapshotMounts {
  const { root, table } = overlay;
  const below = parent === undefined ? undefined : findCommitted(table, parent);
  return { lowers: lowersFrom(overlay, below), ...writable(root, nameFor(key) ?? key) };
}

function lowersFrom(overlay: Overlay, top: SnapshotRow | undefined): string[] {
  return chainFrom(overlay.table, top).map((row) => treeOf(overlay, row));
}

function listParentsFirst(table: SnapshotTable): SnapshotInfo[] {
  const rows = table.all().filter(({ state }) => state === "ready");
  const byId = new Map(rows.map((row) => [row.id, row]));
  const depth = (row: SnapshotRow): number => {
    const parent = row.parent === null ? undefined : byId.get(row.parent);
    return parent === undefined ? 0 : depth(parent) + 1;
  };
  return rows
    .map((row) => ({ row, depth: depth(row) }))
    .sort((a, b) => a.depth - b.depth || a.row.id - b.row.id)
    .map(({ row }) => describe(table, row));
}

function describe(table: SnapshotTable, row: SnapshotRow): SnapshotInfo {
  const { key, kind, form, created } = row;
  return { key, kind, parent: table.parentOf(row)?.key, form, created };
}

function find(table: SnapshotTable, key: string): SnapshotRow {
  const row = table.get(key);
  if (row !== undefined) return row;
  throw imageError("SNAPSHOT_NOT_FOUND", `cannot find snapshot ${key}: there is none with that key`);
}

function findCommitted(table: SnapshotTable, key: string): SnapshotRow {
  const row = find(table, key);
  if (row.kind === "committed") return row;
  throw wrongState(key, `use snapshot ${key} as a parent`, `it is ${row.kind}, not committed`);
}

function exists(key: string) {
  return imageError("SNAPSHOT_EXISTS", `cannot make snapshot ${key}: there is one with that key`);
}

function wrongState(key: string, what: string, reason: string) {
  return imageError("SNAPSHOT_STATE", `cannot ${what}: ${reason}`, { details: { snapshot: key } });
}
