import { randomUUID } from "node:crypto";
import { createKeyedMutex, type Digest, TugError } from "../base/index.ts";
import type { Descriptor } from "../specs/index.ts";
import type { Node } from "../tar/index.ts";
import type { ContentStore } from "./content/content-store.ts";
import { acquireTurn } from "./content/turn.ts";
import { type BlobSource, fetchBlob, forgetKept, removeIfCorrupt, storeBlob } from "./fetch-blob.ts";
import type { OutlineEntry, Usage } from "./layers/translate.ts";
import type { Lease } from "./leases.ts";
import type { Limiter } from "./limiter.ts";
import { type OnProgress, reportProgress } from "./progress.ts";
import type { SnapshotForm, Snapshotter } from "./snapshots/snapshotter.ts";
import type { DiskSync } from "./unsynced/disk-sync.ts";

/** A layer as a blob, and what it must turn out to be. */
export type LayerBlob = {
  readonly data: AsyncIterable<Uint8Array>;
  readonly diffId: Digest;
  readonly blobSize: number;
  /** false: the disk is not waited for. */
  readonly durable?: boolean;
};

/** A layer in its snapshot, as far as it can be without those below it. */
export type AppliedLayer = {
  readonly form: SnapshotForm;
  /** Nothing below the layer shows through. */
  readonly hidesAll: boolean;
  /** Its directories and whiteouts. */
  readonly outline: readonly OutlineEntry[];
  /** false: the disk is not waited for. */
  readonly durable: boolean;
  /**
   * Gives directories other metadata and finishes the layer.
   *
   * @returns what it takes on the disk
   */
  complete(changed: readonly Node[]): Promise<Usage>;
};

/** Fills snapshots with layers, in one form. */
export interface LayerApplier {
  /** Fills an active snapshot, prepared on nothing, with a layer, and checks the layer's diff id. */
  apply(key: string, layer: LayerBlob, signal?: AbortSignal): Promise<AppliedLayer>;
  /**
   * Brings in what the layer takes from those below it, which are committed now. It is the last before the commit.
   *
   * @returns what the layer takes on the disk
   */
  settle(key: string, parent: string | undefined, layer: AppliedLayer): Promise<Usage>;
}

export type LayerInstallerOptions = {
  content: ContentStore;
  snapshotter: Snapshotter;
  applier: LayerApplier;
  /** Keeps what is not on the disk yet; left out: the disk is waited for, as far as the form of the layer does so. */
  diskSync?: Pick<DiskSync, "begin"> | undefined;
  /** Bounds what is downloaded and unpacked at once. */
  limit: Limiter;
};

/** One layer of an image. */
export type Layer = {
  readonly descriptor: Descriptor;
  readonly diffId: Digest;
  readonly chainId: Digest;
  /** Chain id of the layer below. */
  readonly parent: Digest | undefined;
};

export type LayerRequest = {
  layer: Layer;
  source: BlobSource;
  lease: Lease;
  /** Resolves when the layer below is committed. */
  parentReady: Promise<unknown>;
  onProgress: OnProgress;
  signal: AbortSignal | undefined;
};

export type InstallLayer = (request: LayerRequest) => Promise<void>;

/** Prefix of the keys of snapshots that are being filled. */
export const unpackPrefix = "unpack ";

/**
 * Gets layers into the content store and, unpacked, into the snapshotter, in one pass over the bytes. One layer is
 * installed once at a time, however many ask for it; the others find it ready.
 */
export function createLayerInstaller(options: LayerInstallerOptions): InstallLayer {
  const turns = createKeyedMutex();
  return async (request) => {
    const { layer, lease, signal, onProgress } = request;
    const { descriptor, chainId } = layer;
    onProgress({ id: descriptor.digest, status: "waiting" });
    await lease.retain({ kind: "blob", resource: descriptor.digest });
    await lease.retain({ kind: "snapshot", resource: chainId });
    const endTurn = await acquireTurn(turns, chainId, signal);
    try {
      await installLayer(options, request);
    } finally {
      endTurn();
    }
  };
}

async function installLayer(options: LayerInstallerOptions, request: LayerRequest): Promise<void> {
  const { content, snapshotter, applier, limit } = options;
  const { layer, source, parentReady, onProgress, signal } = request;
  const { descriptor, chainId, parent } = layer;
  const id = descriptor.digest;
  const known = snapshotter.info(chainId) !== undefined;
  if (known && (await snapshotter.hasFiles(chainId))) {
    await limit(() => storeBlob(descriptor, { content, source, signal }), signal);
    onProgress({ id, status: "exists" });
    return;
  }
  const key = `${unpackPrefix}${chainId} ${randomUUID()}`;
  const written = options.diskSync?.begin([
    { kind: "blob", resource: id },
    { kind: "layer", resource: chainId },
  ]);
  const filling: Filling = { key, after: written?.recorded };
  await prepare(options, request, filling);
  try {
    const applied = await limit(() => fill(options, request, filling), signal);
    await filling.after;
    // Whoever waits here holds no room that a layer below could be waiting for.
    await parentReady;
    const usage = await applier.settle(key, parent, applied);
    const { form, hidesAll, durable } = applied;
    // What stands on a layer that has lost its files gets them back.
    if (known) await snapshotter.replace(chainId, key, { usage, hidesAll, form });
    else await snapshotter.commit(chainId, key, { parent, usage, hidesAll, form, durable });
  } catch (error) {
    await snapshotter.remove(key);
    throw error;
  } finally {
    written?.end();
  }
  onProgress({ id, status: "complete", total: descriptor.size });
}

/** The snapshot that is filled, and what comes before it may be taken to be there; undefined where the disk is waited for. */
type Filling = { readonly key: string; readonly after: Promise<void> | undefined };

/** What may be wrong with the bytes of an earlier attempt, or of the disk. */
const suspicious = [
  "IMAGE_COMPRESSION",
  "IMAGE_CONTENT_DIGEST",
  "IMAGE_CONTENT_SIZE",
  "IMAGE_DIFF_ID",
  "IMAGE_LAYER_ENTRY",
  "IMAGE_LAYER_LIMIT",
  "TAR_ARCHIVE",
];

/** Bytes that were here before get one chance; if they are damaged, everything comes from the source again. */
async function fill(
  options: LayerInstallerOptions,
  request: LayerRequest,
  filling: Filling,
): Promise<AppliedLayer> {
  const { content, snapshotter } = options;
  const { descriptor } = request.layer;
  const origin = { stored: false, kept: 0 };
  try {
    return await fillOnce(options, request, { ...filling, origin });
  } catch (error) {
    if (!(error instanceof TugError) || !suspicious.includes(error.code)) throw error;
    if (!origin.stored) await forgetKept(content, descriptor);
    const mayBeDamage = origin.stored ? await removeIfCorrupt(content, descriptor.digest) : origin.kept > 0;
    if (!mayBeDamage) throw error;
  }
  await snapshotter.remove(filling.key);
  await prepare(options, request, filling);
  return await fillOnce(options, request, { ...filling, origin });
}

/** A snapshot that is on record as not synced is looked at after a power loss. */
async function prepare(
  { snapshotter }: LayerInstallerOptions,
  { layer }: LayerRequest,
  { key, after }: Filling,
): Promise<void> {
  await snapshotter.prepare(key, undefined, { becomes: layer.chainId, ephemeral: after !== undefined });
}

async function fillOnce(
  { content, applier, diskSync }: LayerInstallerOptions,
  { layer, source, onProgress, signal }: LayerRequest,
  { key, after, origin }: Filling & { origin: { stored: boolean; kept: number } },
): Promise<AppliedLayer> {
  const { descriptor, diffId } = layer;
  const { digest: id, size: total } = descriptor;
  const onBegin = (found: typeof origin) => void Object.assign(origin, found);
  const durable = diskSync === undefined;
  const bytes = fetchBlob(descriptor, { content, source, onBegin, durable, after, brief: true, signal });
  const data = reportProgress(bytes, total, (current) =>
    onProgress({ id, status: origin.stored ? "extracting" : "downloading", current, total }),
  );
  const applied = await applier.apply(key, { data, diffId, blobSize: total, durable }, signal);
  if (!origin.stored) onProgress({ id, status: "downloaded" });
  return applied;
}
