import type { Digest } from "../base/index.ts";
import type { Collected } from "./gc.ts";
import type { ImageStore } from "./image-store.ts";
import { type ImageTable, isDangling } from "./image-table.ts";
import type { ImageUser } from "./remove.ts";

export type PruneOptions = {
  /** Images with a tag as well. */
  all?: boolean;
  /** Which images may go; all by default. */
  fits?: (id: Digest) => boolean;
  /** The containers that use an image; one that any uses stays. */
  usedBy?: (id: Digest) => readonly ImageUser[];
};

/** What a pruning did. */
export type Pruned = {
  /** Full references. */
  readonly untagged: readonly string[];
  /** Ids of images, then chain ids of layers. */
  readonly deleted: readonly Digest[];
  /** Bytes that are free now. */
  readonly bytes: number;
};

export type PrunerOptions = {
  store: ImageStore;
  table: ImageTable;
  collect: () => Promise<Collected>;
  /** Whether an image was pushed to a registry of this engine under this name, which has a digest. */
  isPushed: (name: string) => boolean;
};

/**
 * Removes images that nobody uses: those without a tag, or all. Digests by which one was pulled are no tags. What was
 * pushed to a registry of this engine stays: those who use it are elsewhere.
 */
export async function pruneImages(
  { store, table, collect, isPushed }: PrunerOptions,
  { all = false, fits = () => true, usedBy = () => [] }: PruneOptions = {},
): Promise<Pruned> {
  const rows = table.all();
  const tagged = new Set(rows.filter(({ name }) => !name.includes("@")).map(({ id }) => id));
  const pushed = new Set(rows.filter(({ name }) => isPushed(name)).map(({ id }) => id));
  const mayGo = (id: Digest) => (all || !tagged.has(id)) && !pushed.has(id);
  const unused = rows.filter(({ id }) => mayGo(id) && fits(id) && usedBy(id).length === 0);
  await store.delete(unused.map(({ name }) => name));
  const { snapshots, bytes } = await collect();
  const ids = [...new Set(unused.map(({ id }) => id))];
  return {
    untagged: unused.map(({ name }) => name).filter((name) => !isDangling(name)),
    deleted: [...ids, ...(snapshots as Digest[])],
    bytes,
  };
}
