import { existsSync } from "node:fs";
import { join } from "node:path";
import { type Digest, isDigest, splitDigest } from "../../base/index.ts";
import { layerFiles } from "../layers/index-layer.ts";
import type { LayerMounts } from "./layer-mounts.ts";
import { directoryOf, type SnapshotRow, type SnapshotTable } from "./snapshot-table.ts";
import type { SnapshotMounts } from "./snapshotter.ts";

/** Where the files of snapshots are. */
export type SnapshotPlaces = {
  readonly root: string;
  /** Of layers that are mounted; a machine that mounts none has none of those. */
  readonly layers: Pick<LayerMounts, "path"> | undefined;
};

/**
 * The directory that a key asks for: of a digest the first 128 bits, else the key itself if it can be a name that no
 * number and no removed snapshot has.
 */
export function nameFor(key: string): string | null {
  if (isDigest(key)) return splitDigest(key).hex.slice(0, 32);
  return /^(?!removed-|\d+$)[A-Za-z0-9][\w.-]*$/.test(key) ? key : null;
}

/** The directory with what belongs to a snapshot. */
export function placeOf({ root }: SnapshotPlaces, row: Pick<SnapshotRow, "id" | "directory">): string {
  return join(root, directoryOf(row));
}

/** The directory that shows the files of a snapshot. */
export function treeOf(places: SnapshotPlaces, row: SnapshotRow): string {
  const name = directoryOf(row);
  if (row.form === "erofs" && places.layers !== undefined) return places.layers.path(name);
  return join(places.root, name, "fs");
}

export function writable(root: string, name: string): { upper: string; work: string } {
  return { upper: join(root, name, "fs"), work: join(root, name, "work") };
}

/** A snapshot and what it stands on, down to one that hides the rest. */
export function chainFrom(table: SnapshotTable, top: SnapshotRow | undefined): SnapshotRow[] {
  const rows: SnapshotRow[] = [];
  for (let row = top; row !== undefined; row = row.hides_all === 1 ? undefined : table.parentOf(row)) {
    rows.push(row);
  }
  return rows;
}

/**
 * What the mounts of a writable snapshot on a stack of layers are in a directory of snapshots that belongs to another
 * process, as far as names tell: its database knows of the rare layer that hides all below it.
 *
 * @param chain keys of the layers' snapshots, the lowest first
 */
export function predictMounts(
  { root, layers }: SnapshotPlaces,
  key: string,
  chain: readonly Digest[],
): SnapshotMounts {
  const lowers = chain.toReversed().map((id) => {
    const name = nameFor(id) ?? id;
    const isMounted = layers !== undefined && existsSync(join(root, name, layerFiles.index));
    return isMounted ? layers.path(name) : join(root, name, "fs");
  });
  return { lowers, ...writable(root, nameFor(key) ?? key) };
}
