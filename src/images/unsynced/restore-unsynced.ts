import { randomUUID } from "node:crypto";
import { type Digest, errnoOf, type Logger, messageOf, TugError } from "../../base/index.ts";
import type { ContentStore } from "../content/content-store.ts";
import { removeIfCorrupt } from "../fetch-blob.ts";
import type { Image, ImageStore } from "../image-store.ts";
import type { ImageRow, ImageTable } from "../image-table.ts";
import { type LayerApplier, unpackPrefix } from "../install-layer.ts";
import type { SnapshotInfo, Snapshotter } from "../snapshots/snapshotter.ts";
import type { Unsynced, UnsyncedTable } from "./unsynced-table.ts";

export type RestoreOptions = {
  readonly table: UnsyncedTable;
  readonly bootId: string;
  readonly content: ContentStore;
  readonly snapshotter: Snapshotter;
  readonly applier: LayerApplier;
  readonly images: ImageTable;
  readonly store: Pick<ImageStore, "list" | "publish">;
  readonly logger: Logger;
  /** Called before it begins, where there is something to do. */
  readonly onBegin?: ((suspects: Suspects) => Promise<void>) | undefined;
};

/** How much has to be looked at, or made again. */
export type Suspects = { readonly blobs: number; readonly layers: number };

/** What a layer is unpacked from. */
type Origin = { readonly blob: Digest; readonly size: number; readonly diffId: Digest };

/**
 * Puts right what the machine had not yet written when it went down. Blobs are compared with their digests; layers are
 * unpacked once more, in their places, so that what stands on them stays. An image that has lost a layer for good loses
 * its names: it has to be pulled again. Interrupted, it begins anew.
 */
export async function restoreUnsynced(options: RestoreOptions): Promise<void> {
  const { table, bootId, content, snapshotter, logger } = options;
  const suspects = table.ofOtherBoots(bootId);
  if (suspects.length === 0) return;
  const found: Suspects = { blobs: count(suspects, "blob"), layers: count(suspects, "layer") };
  logger.log("info", "images.restore", found);
  await options.onBegin?.(found);
  const gone = new Set<Digest>();
  for (const { resource } of suspects.filter(({ kind }) => kind === "blob")) {
    if ((await content.size(resource)) !== undefined) await removeUnlessWhole(content, resource);
    if ((await content.size(resource)) === undefined) gone.add(resource);
  }
  const images = await options.store.list();
  const origins = originsOf(images);
  const lost = new Set<string>();
  const wanted = new Set<string>(suspects.filter(isLayer).map(({ resource }) => resource));
  for (const layer of snapshotter.list().filter(({ key }) => wanted.has(key))) {
    const isWhole = layer.parent === undefined || !lost.has(layer.parent);
    const found = origins.get(layer.key as Digest) ?? [];
    if (!isWhole || !(await isRestoredFromAny(options, layer, found))) lost.add(layer.key);
  }
  forgetImages(options, images, { layers: lost, documents: gone });
  await removeLost(snapshotter, lost);
  await options.store.publish();
  // Blobs were read from the disk; the layers have been written again.
  await table.add(
    suspects.filter((each) => isLayer(each) && !lost.has(each.resource)),
    bootId,
  );
  table.erase(table.ofOtherBoots(bootId));
}

function isLayer({ kind }: Unsynced): boolean {
  return kind === "layer";
}

function count(suspects: readonly Unsynced[], wanted: Unsynced["kind"]): number {
  return suspects.filter(({ kind }) => kind === wanted).length;
}

/** What lost its bytes is gone, and what the disk cannot read any more. */
async function removeUnlessWhole(content: ContentStore, digest: Digest): Promise<void> {
  try {
    await removeIfCorrupt(content, digest);
  } catch (error) {
    if (!isUnreadable(error)) throw error;
    await content.delete(digest);
  }
}

/** Sectors that a disk lost power over, or a file system that is damaged there. */
function isUnreadable(error: unknown): boolean {
  return ["EIO", "EUCLEAN", "EBADMSG"].includes(errnoOf(error) ?? "");
}

/** By chain id. Images may say of different blobs that they are the same layer, and not all of them need be right. */
function originsOf(images: readonly Image[]): ReadonlyMap<Digest, readonly Origin[]> {
  const origins = new Map<Digest, Origin[]>();
  for (const { layers, chainIds, config } of images) {
    for (const [index, { digest, size }] of layers.entries()) {
      const [chainId, diffId] = [chainIds[index], config.rootfs.diff_ids[index]];
      if (chainId === undefined || diffId === undefined) continue;
      const known = origins.get(chainId) ?? [];
      if (known.every(({ blob }) => blob !== digest))
        known.push({ blob: digest, size, diffId: diffId as Digest });
      origins.set(chainId, known);
    }
  }
  return origins;
}

async function isRestoredFromAny(
  options: RestoreOptions,
  layer: SnapshotInfo,
  origins: readonly Origin[],
): Promise<boolean> {
  for (const origin of origins) if (await isRestored(options, layer, origin)) return true;
  return false;
}

/** Unpacks a layer beside its place and puts it there. @returns whether there was something to unpack it from */
async function isRestored(
  { content, snapshotter, applier, logger }: RestoreOptions,
  { key: chainId, parent }: SnapshotInfo,
  { blob, size, diffId }: Origin,
): Promise<boolean> {
  if ((await content.size(blob)) === undefined) return false;
  const key = `${unpackPrefix}${chainId} ${randomUUID()}`;
  await snapshotter.prepare(key);
  try {
    const data = content.read(blob);
    const layer = await applier.apply(key, { data, diffId, blobSize: size, durable: false });
    const usage = await applier.settle(key, parent, layer);
    const { form, hidesAll } = layer;
    await snapshotter.replace(chainId, key, { usage, hidesAll, form });
    return true;
  } catch (error) {
    await snapshotter.remove(key);
    // A blob that was here before may be damaged, too.
    if (!(error instanceof TugError) && !isUnreadable(error)) throw error;
    logger.log("warn", "images.restore", { layer: chainId, reason: messageOf(error) });
    return false;
  }
}

function forgetImages(
  { images: table, logger }: RestoreOptions,
  images: readonly Image[],
  lost: { readonly layers: ReadonlySet<string>; readonly documents: ReadonlySet<Digest> },
): void {
  const incomplete = new Set(
    images.filter(({ chainIds }) => chainIds.some((id) => lost.layers.has(id))).map(({ id }) => id),
  );
  const isLost = ({ id, manifest, target }: ImageRow) =>
    incomplete.has(id) || [id, manifest.digest, target.digest].some((digest) => lost.documents.has(digest));
  const lostRows = table.all().filter(isLost);
  for (const { name, id } of lostRows) {
    logger.log("warn", "images.lost", { name, id, hint: "it was not on the disk yet: pull it again" });
  }
  table.delete(lostRows.map(({ name }) => name));
}

/** Those that a container stands on stay on record, without files: it cannot start, instead of having other ones. */
async function removeLost(snapshotter: Snapshotter, lost: ReadonlySet<string>): Promise<void> {
  for (const { key } of snapshotter.list().reverse()) {
    if (!lost.has(key)) continue;
    try {
      await snapshotter.remove(key);
    } catch (error) {
      if (!(error instanceof TugError) || error.code !== "IMAGE_SNAPSHOT_IN_USE") throw error;
      await snapshotter.strip(key);
    }
  }
}
