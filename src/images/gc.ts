import { type Digest, isDigest } from "../base/index.ts";
import {
  configMediaTypes,
  type Descriptor,
  indexMediaTypes,
  manifestMediaTypes,
  maxConfigSize,
  maxManifestSize,
  parseImageConfig,
  parseManifestDocument,
} from "../specs/index.ts";
import type { ContentStore } from "./content/content-store.ts";
import type { ImageTable } from "./image-table.ts";
import { chainIds } from "./layers/chain-id.ts";
import type { Leases } from "./leases.ts";
import { isNoDocument } from "./no-document.ts";
import type { SignatureTable } from "./signatures/signature-table.ts";
import type { Snapshotter } from "./snapshots/snapshotter.ts";

export type CollectorOptions = {
  content: ContentStore;
  snapshotter: Snapshotter;
  table: ImageTable;
  leases: Leases;
  signatures: SignatureTable;
};

/** What a garbage collection removed. */
export type Collected = {
  readonly blobs: readonly Digest[];
  /** Keys of snapshots. */
  readonly snapshots: readonly string[];
  /** Bytes that are free now. */
  readonly bytes: number;
};

/**
 * Removes the blobs and the committed snapshots that nothing needs: no image, no lease, no active snapshot; and the
 * signatures of what is gone.
 *
 * An image needs its manifest, what its name stands for, the configuration, the layers, and their snapshots. If a
 * manifest cannot be read, or a document is damaged, nothing is removed, because what it needs is unknown.
 * @throws IMAGE_CONTENT_CORRUPT and the errors of parsing
 */
export async function collectGarbage(options: CollectorOptions): Promise<Collected> {
  const { leases } = options;
  return await leases.duringCollection(async () => {
    const reached = await mark(options);
    const snapshots = await sweepSnapshots(options, reached);
    const blobs = await sweepBlobs(options, reached);
    for (const subject of options.signatures.subjects()) {
      const isUsed = reached.has(subject) || leases.isLeased({ kind: "manifest", resource: subject });
      if (!isUsed) options.signatures.drop(subject);
    }
    return {
      blobs: blobs.removed,
      snapshots: snapshots.removed,
      bytes: blobs.bytes + snapshots.bytes,
    };
  });
}

/** What a garbage collection would remove now. Nothing is changed. @throws as `collectGarbage` */
export async function countGarbage(options: CollectorOptions): Promise<Collected> {
  const { content, snapshotter } = options;
  const reached = await mark(options);
  const snapshots = snapshotter.list().filter(({ key, kind }) => kind === "committed" && !reached.has(key));
  const blobs: Digest[] = [];
  let bytes = 0;
  for (const { key } of snapshots) bytes += (await snapshotter.usage(key)).bytes;
  for await (const { digest, size } of content.walk()) {
    if (reached.has(digest)) continue;
    blobs.push(digest);
    bytes += size;
  }
  return { blobs, snapshots: snapshots.map(({ key }) => key), bytes };
}

/** Digests of blobs and keys of snapshots. */
type Reached = Set<string>;

/**
 * A mark that is under way. Whether a digest is reached says nothing about what it stands for: an image may call anything a
 * layer, another image's manifest too. So what was followed is kept apart, by digest and by what it was called.
 */
type Marking = { readonly reached: Reached; readonly followed: Set<string> };

async function mark({ content, snapshotter, table, leases }: CollectorOptions): Promise<Reached> {
  const marking = newMarking();
  const { reached } = marking;
  for (const row of table.all()) {
    await markDocument(content, row.target, marking);
    await markDocument(content, row.manifest, marking);
  }
  for (const { kind, resource } of leases.resources()) {
    if (kind === "manifest") await markTolerantly(content, { digest: resource, mediaType: "" }, marking);
    else reached.add(resource);
  }
  // Children come after their parents in the list, so that going backwards reaches whole chains.
  for (const { key, kind, parent } of snapshotter.list().reverse()) {
    if (kind !== "committed") reached.add(key);
    if (parent !== undefined && reached.has(key)) reached.add(parent);
  }
  return reached;
}

/**
 * Digests of some documents and of all that they refer to, directly or not, in the store or not, and the keys of the
 * snapshots that belong to them. @throws as `collectGarbage`
 */
export async function reachFrom(
  content: ContentStore,
  roots: readonly Pick<Descriptor, "digest" | "mediaType">[],
): Promise<Set<string>> {
  const marking = newMarking();
  for (const root of roots) {
    if (root.mediaType === "") await markTolerantly(content, root, marking);
    else await markDocument(content, root, marking);
  }
  return marking.reached;
}

function newMarking(): Marking {
  return { reached: new Set(), followed: new Set() };
}

/**
 * Marks what may turn out to be no document, and needs nothing then: what is being pulled, whose parts are leased as well,
 * and what an index lists, of which only what can be read is ever used.
 */
async function markTolerantly(
  content: ContentStore,
  document: Pick<Descriptor, "digest" | "mediaType">,
  marking: Marking,
): Promise<void> {
  try {
    await markDocument(content, document, marking);
  } catch (error) {
    if (!isNoDocument(error)) throw error;
  }
}

/** Marks a manifest or index and what it refers to. What is not here is no matter: of an index, few images are. */
async function markDocument(
  content: ContentStore,
  { digest, mediaType }: Pick<Descriptor, "digest" | "mediaType">,
  marking: Marking,
): Promise<void> {
  const { reached, followed } = marking;
  reached.add(digest);
  const called = `${mediaType} ${digest}`;
  const isManifest = mediaType === "" || [...indexMediaTypes, ...manifestMediaTypes].includes(mediaType);
  if (!isManifest || followed.has(called) || (await content.size(digest)) === undefined) return;
  followed.add(called);
  const data = await content.load(digest, maxManifestSize);
  const document = parseManifestDocument(data, `manifest ${digest}`, mediaType);
  if (document.kind === "index") {
    for (const child of document.index.manifests) await markTolerantly(content, child, marking);
    return;
  }
  const { config, layers } = document.manifest;
  for (const layer of layers) reached.add(layer.digest);
  reached.add(config.digest);
  for (const key of await snapshotsOf(content, config)) reached.add(key);
}

/** What was kept for another platform may be no image, such as a statement about one: then there are no snapshots. */
async function snapshotsOf(
  content: ContentStore,
  { digest, mediaType }: Pick<Descriptor, "digest" | "mediaType">,
): Promise<readonly Digest[]> {
  if (!configMediaTypes.includes(mediaType) || (await content.size(digest)) === undefined) return [];
  try {
    const data = await content.load(digest, maxConfigSize);
    return chainIds(parseImageConfig(data, `configuration ${digest}`).rootfs.diff_ids);
  } catch (error) {
    if (isNoDocument(error)) return [];
    throw error;
  }
}

async function sweepSnapshots({ snapshotter, leases }: CollectorOptions, reached: Reached) {
  const removed: string[] = [];
  let bytes = 0;
  for (const { key, kind } of snapshotter.list().reverse()) {
    if (kind !== "committed" || reached.has(key)) continue;
    const usage = await snapshotter.usage(key);
    const isGone = await leases.unlessLeased({ kind: "snapshot", resource: key }, () =>
      removeUnused(snapshotter, key),
    );
    if (!isGone) continue;
    removed.push(key);
    bytes += usage.bytes;
  }
  return { removed, bytes };
}

/** A container may have been put on the snapshot since it was found unused. */
async function removeUnused(snapshotter: Snapshotter, key: string): Promise<void> {
  const isUsed = snapshotter.list().some(({ parent }) => parent === key);
  if (!isUsed) await snapshotter.remove(key);
}

async function sweepBlobs({ content, leases }: CollectorOptions, reached: Reached) {
  const removed: Digest[] = [];
  let bytes = 0;
  for await (const { digest, size } of content.walk()) {
    if (reached.has(digest) || !isDigest(digest)) continue;
    const isGone = await leases.unlessLeased({ kind: "blob", resource: digest }, async () => {
      await content.delete(digest);
    });
    if (!isGone) continue;
    removed.push(digest);
    bytes += size;
  }
  return { removed, bytes };
}
