import { chmod, chown, mkdir, readdir, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { type Database, syncDirectory } from "../../base/index.ts";
import { storageError } from "../content/storage-error.ts";
import { imageError } from "../errors.ts";
import type { Usage } from "../layers/translate.ts";
import { createSnapshotTable, type SnapshotRow, type SnapshotTable } from "./snapshot-table.ts";
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
  /** What a tree of files takes on the disk. */
  measure: (directory: string, signal?: AbortSignal) => Promise<Usage>;
  /** Removes a directory with all that is in it, without following links. */
  removeTree?: (directory: string) => Promise<void>;
  /** Milliseconds since the epoch. */
  now?: () => number;
};

type Overlay = Required<Omit<OverlayOptions, "database">> & { table: SnapshotTable };

/**
 * Snapshots as directories for overlayfs: `ROOT/N/fs` holds the changes, `ROOT/N/work` is overlayfs's own, and what
 * else is in `ROOT/N` belongs to whoever fills the snapshot. N is a
 * small number, because the length of mount options is limited. Which is which is in the database, from before a
 * directory is made until after it is gone.
 *
 * Opening removes what a crash left half made or half removed. Only one process may have the directory open.
 */
export async function openOverlaySnapshotter(options: OverlayOptions): Promise<Snapshotter> {
  const overlay: Overlay = {
    now: Date.now,
    removeTree: removeDirectory,
    ...options,
    table: createSnapshotTable(options.database),
  };
  const { table } = overlay;
  await mkdir(overlay.root, { recursive: true, mode: 0o711 });
  await removeLeftovers(overlay);
  return {
    prepare: (key, parent) => make(overlay, { key, kind: "active", parent }),
    view: (key, parent) => make(overlay, { key, kind: "view", parent }),
    commit: (name, key, commitOptions = {}) => commit(overlay, { name, key, ...commitOptions }),
    predict: (parent) => predict(overlay, parent),
    mounts: (key) => mountsOf(overlay, find(table, key)),
    info(key) {
      const row = table.get(key);
      return row === undefined ? undefined : describe(table, row);
    },
    list: () => listParentsFirst(table),
    async usage(key, signal) {
      const row = find(table, key);
      if (row.kind === "view") return { bytes: 0, inodes: 0 };
      if (row.bytes !== null && row.inodes !== null) return { bytes: row.bytes, inodes: row.inodes };
      return await overlay.measure(join(overlay.root, String(row.id), "fs"), signal);
    },
    remove: (key) => remove(overlay, key),
  };
}

/** A helper that outlives its engine for a moment may still be making files: what is not empty is tried again. */
async function removeDirectory(directory: string): Promise<void> {
  await rm(directory, { recursive: true, force: true, maxRetries: 10, retryDelay: 50 });
}

async function make(
  overlay: Overlay,
  { key, kind, parent }: { key: string; kind: SnapshotKind; parent: string | undefined },
): Promise<SnapshotMounts> {
  const { table, root, now } = overlay;
  if (table.isTaken(key)) throw exists(key);
  const below = parent === undefined ? undefined : findCommitted(table, parent);
  const id = table.insert({ key, kind, parent: below?.id ?? null, created: now() });
  try {
    await makeDirectories(root, { id, kind, parent: below?.id });
    table.markReady(id);
  } catch (error) {
    await overlay.removeTree(join(root, String(id)));
    table.erase(id);
    throw storageError(`snapshot ${key}`, root, error);
  }
  return mountsOf(overlay, find(table, key));
}

async function makeDirectories(
  root: string,
  { id, kind, parent }: { id: number; kind: SnapshotKind; parent: number | undefined },
): Promise<void> {
  if (kind === "view") return;
  const directory = join(root, String(id));
  await mkdir(directory, { mode: 0o711 });
  await mkdir(join(directory, "fs"));
  await mkdir(join(directory, "work"), { mode: 0o700 });
  if (parent === undefined) await chmod(join(directory, "fs"), 0o755);
  else await copyRoot(root, parent, id);
  await syncDirectory(root);
}

/** The top directory of an overlay decides who may enter the merged one: it must be like the one below it. */
async function copyRoot(root: string, from: number, to: number): Promise<void> {
  const { mode, uid, gid } = await stat(join(root, String(from), "fs"));
  const target = join(root, String(to), "fs");
  await chown(target, uid, gid);
  await chmod(target, mode & 0o7777);
}

async function commit(
  overlay: Overlay,
  { name, key, parent, ...options }: { name: string; key: string } & CommitOptions,
): Promise<void> {
  const { table, root } = overlay;
  const row = find(table, key);
  if (row.kind !== "active") throw wrongState(key, `commit snapshot ${key}`, `it is ${row.kind}`);
  const below = parent === undefined ? undefined : findCommitted(table, parent);
  if (below !== undefined && row.parent !== null && row.parent !== below.id) {
    throw wrongState(key, `commit snapshot ${key} on ${parent}`, "it was prepared on another snapshot");
  }
  const usage = options.usage ?? (await overlay.measure(join(root, String(row.id), "fs")));
  if (table.isTaken(name)) throw exists(name);
  const parentId = below?.id ?? row.parent;
  table.commit(row.id, { name, parent: parentId, usage, hidesAll: options.hidesAll === true });
}

async function remove(overlay: Overlay, key: string): Promise<void> {
  const { table } = overlay;
  const row = table.get(key);
  if (row === undefined) return;
  const child = table.childOf(row);
  if (child !== undefined) {
    throw imageError("SNAPSHOT_IN_USE", `cannot remove snapshot ${key}: ${child} stands on it`);
  }
  table.markRemoving(row.id);
  await finishRemoval(overlay, row);
}

async function finishRemoval({ table, root, removeTree }: Overlay, { id }: SnapshotRow): Promise<void> {
  await removeTree(join(root, String(id)));
  table.erase(id);
}

/** Children before their parents, which the rows refer to; then directories that no row knows. */
async function removeLeftovers(overlay: Overlay): Promise<void> {
  const rows = overlay.table.all();
  const leftovers = rows.filter(({ state }) => state !== "ready").reverse();
  for (const row of leftovers) await finishRemoval(overlay, row);
  const known = new Set(rows.filter(({ state }) => state === "ready").map(({ id }) => String(id)));
  for (const name of await readdir(overlay.root)) {
    if (!known.has(name)) await overlay.removeTree(join(overlay.root, name));
  }
}

function mountsOf({ root, table }: Overlay, row: SnapshotRow): SnapshotMounts {
  if (row.kind === "committed") {
    throw wrongState(row.key, `mount snapshot ${row.key}`, "it is committed; make a view of it");
  }
  const lowers = lowersFrom(root, table, table.parentOf(row));
  return row.kind === "view" ? { lowers } : { lowers, ...writable(root, row.id) };
}

function predict({ root, table }: Overlay, parent: string | undefined): SnapshotMounts {
  const below = parent === undefined ? undefined : findCommitted(table, parent);
  return { lowers: lowersFrom(root, table, below), ...writable(root, table.nextId()) };
}

function writable(root: string, id: number): { upper: string; work: string } {
  return { upper: join(root, String(id), "fs"), work: join(root, String(id), "work") };
}

/** A snapshot and what it stands on, down to one that hides the rest. */
function lowersFrom(root: string, table: SnapshotTable, top: SnapshotRow | undefined): string[] {
  const lowers: string[] = [];
  for (let row = top; row !== undefined; row = row.hides_all === 1 ? undefined : table.parentOf(row)) {
    lowers.push(join(root, String(row.id), "fs"));
  }
  return lowers;
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
  return { key: row.key, kind: row.kind, parent: table.parentOf(row)?.key, created: row.created };
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
