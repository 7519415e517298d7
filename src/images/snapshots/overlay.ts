import { chmodSync, chownSync, mkdirSync, renameSync, statSync } from "node:fs";
import { mkdir, readdir, stat } from "node:fs/promises";
import { join } from "node:path";
import {
  type Database,
  type Digest,
  errnoOf,
  isDigest,
  removeTree,
  splitDigest,
  syncDirectory,
} from "../../base/index.ts";
import { storageError } from "../content/storage-error.ts";
import { imageError } from "../errors.ts";
import type { Usage } from "../layers/translate.ts";
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
  /** What a tree of files takes on the disk. */
  measure: (directory: string, signal?: AbortSignal) => Promise<Usage>;
  /** Removes a directory with all that is in it, without following links. */
  removeTree?: (directory: string) => Promise<void>;
  /** Milliseconds since the epoch. */
  now?: () => number;
};

type Overlay = Required<Omit<OverlayOptions, "database">> & { table: SnapshotTable };

/**
 * Snapshots as directories for overlayfs: `ROOT/NAME/fs` holds the changes, `ROOT/NAME/work` is overlayfs's own, and
 * what else is in `ROOT/NAME` belongs to whoever fills the snapshot. NAME follows from the key where the key is a
 * digest or a container's id: the same image and container have the same paths on every machine. Which is which is in
 * the database, from before a directory is made until after it is gone.
 *
 * Opening removes what a crash left half made or half removed. Only one process may have the directory open.
 */
export async function openOverlaySnapshotter(options: OverlayOptions): Promise<Snapshotter> {
  const overlay: Overlay = {
    now: Date.now,
    removeTree,
    ...options,
    table: createSnapshotTable(options.database),
  };
  const { table } = overlay;
  await mkdir(overlay.root, { recursive: true, mode: 0o711 });
  await removeLeftovers(overlay);
  return {
    prepare: (key, parent, { becomes = key, ephemeral = false } = {}) =>
      make(overlay, { key, kind: "active", parent, becomes, ephemeral }),
    view: (key, parent) => make(overlay, { key, kind: "view", parent, becomes: key, ephemeral: false }),
    commit: (name, key, commitOptions = {}) => commit(overlay, { name, key, ...commitOptions }),
    predict: (key, parent) => predict(overlay, key, parent),
    mounts: (key) => mountsOf(overlay, find(table, key)),
    async renew(key) {
      // Source: https://docs.kernel.org/filesystems/overlayfs.html#volatile-mount
      await overlay.removeTree(join(overlay.root, directoryOf(find(table, key)), "work/work/incompat"));
    },
    info(key) {
      const row = table.get(key);
      return row === undefined ? undefined : describe(table, row);
    },
    list: () => listParentsFirst(table),
    missing: () => findMissing(overlay),
    async usage(key, signal) {
      const row = find(table, key);
      if (row.kind === "view") return { bytes: 0, inodes: 0 };
      if (row.bytes !== null && row.inodes !== null) return { bytes: row.bytes, inodes: row.inodes };
      return await overlay.measure(join(overlay.root, directoryOf(row), "fs"), signal);
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
  const { table, root, now } = overlay;
  if (table.isTaken(key)) throw exists(key);
  const below = parent === undefined ? undefined : findCommitted(table, parent);
  const wanted = nameFor(becomes);
  // Somebody else may be filling a snapshot that is to become the same.
  const directory = wanted !== null && table.isDirectoryTaken(wanted) ? null : wanted;
  const id = table.insert({ key, kind, parent: below?.id ?? null, created: now(), directory });
  const name = directoryOf({ id, directory });
  try {
    makeDirectories(root, { name, kind, parent: below && directoryOf(below) });
    if (!ephemeral) await syncDirectory(root);
    table.markReady(id);
  } catch (error) {
    await overlay.removeTree(join(root, name));
    table.erase(id);
    throw storageError(`snapshot ${key}`, root, error);
  }
  return mountsOf(overlay, find(table, key));
}

/**
 * The directory that a key asks for: of a digest the first 128 bits, else the key itself if it can be a name that no
 * number and no removed snapshot has.
 */
function nameFor(key: string): string | null {
  if (isDigest(key)) return splitDigest(key).hex.slice(0, 32);
  return /^(?!removed-|\d+$)[A-Za-z0-9][\w.-]*$/.test(key) ? key : null;
}

function makeDirectories(
  root: string,
  { name, kind, parent }: { name: string; kind: SnapshotKind; parent: string | undefined },
): void {
  if (kind === "view") return;
  const directory = join(root, name);
  mkdirSync(directory, { mode: 0o711 });
  mkdirSync(join(directory, "fs"));
  mkdirSync(join(directory, "work"), { mode: 0o700 });
  if (parent === undefined) chmodSync(join(directory, "fs"), 0o755);
  else copyRoot(root, parent, name);
}

/** The top directory of an overlay decides who may enter the merged one: it must be like the one below it. */
function copyRoot(root: string, from: string, to: string): void {
  const { mode, uid, gid } = statSync(join(root, from, "fs"));
  const target = join(root, to, "fs");
  chownSync(target, uid, gid);
  chmodSync(target, mode & 0o7777);
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
  const usage = options.usage ?? (await overlay.measure(join(root, directoryOf(row), "fs")));
  if (table.isTaken(name)) throw exists(name);
  const parentId = below?.id ?? row.parent;
  table.commit(row.id, { name, parent: parentId, usage, hidesAll: options.hidesAll === true });
}

async function remove(overlay: Overlay, key: string, ephemeral: boolean): Promise<void> {
  const { table } = overlay;
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
    renameSync(join(overlay.root, directoryOf(row)), join(overlay.root, directoryOf(removed)));
  } catch (error) {
    // A view has no directory.
    if (errnoOf(error) !== "ENOENT") throw error;
  }
  await finishRemoval(overlay, removed);
}

async function finishRemoval(
  { table, root, removeTree }: Overlay,
  row: Pick<SnapshotRow, "id" | "directory">,
): Promise<void> {
  await removeTree(join(root, directoryOf(row)));
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

async function findMissing({ table, root }: Overlay): Promise<string[]> {
  const missing: string[] = [];
  for (const row of table.all()) {
    if (row.state !== "ready" || row.kind === "view") continue;
    const found = await stat(join(root, directoryOf(row), "fs")).catch(() => undefined);
    // It may have been removed meanwhile.
    if (found?.isDirectory() !== true && table.get(row.key)?.id === row.id) missing.push(row.key);
  }
  return missing;
}

function mountsOf({ root, table }: Overlay, row: SnapshotRow): SnapshotMounts {
  if (row.kind === "committed") {
    throw wrongState(row.key, `mount snapshot ${row.key}`, "it is committed; make a view of it");
  }
  const lowers = lowersFrom(root, table, table.parentOf(row));
  return row.kind === "view" ? { lowers } : { lowers, ...writable(root, directoryOf(row)) };
}

function predict({ root, table }: Overlay, key: string, parent: string | undefined): SnapshotMounts {
  const below = parent === undefined ? undefined : findCommitted(table, parent);
  return { lowers: lowersFrom(root, table, below), ...writable(root, nameFor(key) ?? key) };
}

/**
 * What the mounts of a writable snapshot on a stack of layers are in a directory of snapshots that belongs to another
 * process, as far as names tell: its database knows of the rare layer that hides all below it.
 *
 * @param chain keys of the layers' snapshots, the lowest first
 */
export function predictMounts(root: string, key: string, chain: readonly Digest[]): SnapshotMounts {
  const lowers = chain.toReversed().map((id) => join(root, nameFor(id) ?? id, "fs"));
  return { lowers, ...writable(root, nameFor(key) ?? key) };
}

function writable(root: string, name: string): { upper: string; work: string } {
  return { upper: join(root, name, "fs"), work: join(root, name, "work") };
}

/** A snapshot and what it stands on, down to one that hides the rest. */
function lowersFrom(root: string, table: SnapshotTable, top: SnapshotRow | undefined): string[] {
  const lowers: string[] = [];
  for (let row = top; row !== undefined; row = row.hides_all === 1 ? undefined : table.parentOf(row)) {
    lowers.push(join(root, directoryOf(row), "fs"));
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
