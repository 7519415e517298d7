import { stat } from "node:fs/promises";
import { join } from "node:path";
import { type Digest, errnoOf, ifThere, isDigest, messageOf, TugError } from "../../base/index.ts";
import { layerFiles } from "../layers/index-layer.ts";
import type { SnapshotInfo, Snapshotter } from "../snapshots/snapshotter.ts";
import { type VerifyLayerOptions, verifyLayer } from "../snapshots/verify-layer.ts";
import type { OnChecked } from "./report.ts";

/** The layers of a store that are kept as archives. */
export type Archives = { readonly layers: readonly SnapshotInfo[]; readonly bytes: number };

/** Why a layer is damaged, as the rest of a sentence, and when it was made: another one may have its key since. */
export type DamagedLayers = Map<string, { readonly reason: string; readonly created: number }>;

export type VerifyArchivesOptions = {
  readonly snapshotter: Snapshotter;
  readonly archives: Archives;
  /** Bytes that were read before. */
  readonly behind: number;
  readonly onChecked: OnChecked;
  readonly signal: AbortSignal | undefined;
};

/** Those whose archives are not there are left out: they have lost their files. */
export async function findArchives(snapshotter: Snapshotter): Promise<Archives> {
  const layers: SnapshotInfo[] = [];
  let bytes = 0;
  for (const info of snapshotter.list()) {
    if (info.form !== "erofs" || snapshotter.info(info.key) === undefined) continue;
    const size = (await ifThere(stat(join(snapshotter.places(info.key)[0] ?? "", layerFiles.archive))))?.size;
    if (size === undefined) continue;
    layers.push(info);
    bytes += size;
  }
  return { layers, bytes };
}

/** Reads every archive, and compares it with the layer's name, and what was made from it with the archive. */
export async function verifyArchives({
  snapshotter,
  archives,
  behind,
  onChecked,
  signal,
}: VerifyArchivesOptions): Promise<DamagedLayers> {
  const damaged: DamagedLayers = new Map();
  const total = behind + archives.bytes;
  let current = behind;
  const onRead = (bytes: number): void => {
    // A layer may have been made anew meanwhile.
    current = Math.min(current + bytes, total);
    onChecked({ current, total });
  };
  // Layers come after what they stand on, and are made anew with it.
  const unsound = new Set<string>();
  for (const info of archives.layers) {
    signal?.throwIfAborted();
    const { key, parent, created } = info;
    const isGroundSound = !unsound.has(parent ?? "");
    if (!isGroundSound) unsound.add(key);
    // It may be removed, and made anew, while it is read.
    const first = await verify(snapshotter, info, { onRead, isGroundSound, signal });
    if (first === undefined) continue;
    const reason = await verify(snapshotter, info, { onRead: () => {}, isGroundSound, signal });
    if (reason === undefined) continue;
    damaged.set(key, { reason, created });
    unsound.add(key);
  }
  return damaged;
}

/** Undefined also for a layer that is not there any more. */
async function verify(
  snapshotter: Snapshotter,
  { key, parent, created }: SnapshotInfo,
  options: VerifyLayerOptions,
): Promise<string | undefined> {
  if (!isDigest(key) || snapshotter.info(key)?.created !== created) return undefined;
  const layer = { key, parent: parent as Digest | undefined, places: snapshotter.places(key) };
  try {
    return await verifyLayer(layer, options);
  } catch (error) {
    options.signal?.throwIfAborted();
    // That files are missing is told of elsewhere.
    if (errnoOf(error) === "ENOENT") return undefined;
    if (errnoOf(error) === undefined && !(error instanceof TugError)) throw error;
    return `it cannot be read: ${messageOf(error)}`;
  }
}
