import type { Digest } from "../base/index.ts";
import type { ContentStore } from "./content/content-store.ts";
import { type ImageTable, isDangling } from "./image-table.ts";
import type { Leases } from "./leases.ts";
import type { Hosting } from "./server/hosted-names.ts";
import type { Snapshotter } from "./snapshots/snapshotter.ts";

/** An image as far as it matters for whether it may go. */
export type HeldImage = {
  readonly id: Digest;
  /** Full names, none for an image that has lost its last one. */
  readonly names: readonly string[];
  /** When a name was last given to it, in milliseconds since the epoch. */
  readonly updated: number;
  /** Whether all that it is here for is a mirror of this engine, or that somebody pushed it here. */
  readonly hosting: Hosting | undefined;
  /** A container has it, or work under way. */
  readonly isLeased: boolean;
};

export type HeldImagesOptions = {
  readonly table: ImageTable;
  readonly leases: Leases;
  readonly hosting: (name: string) => Hosting | undefined;
};

/** Every image once; of this moment. */
export function heldImages({ table, leases, hosting }: HeldImagesOptions): HeldImage[] {
  return [...Map.groupBy(table.all(), ({ id }) => id)].map(([id, rows]) => {
    const hostings = rows.map(({ name }) => hosting(name));
    const isCached = hostings.every((each) => each === "cached");
    return {
      id,
      names: rows.map(({ name }) => name).filter((name) => !isDangling(name)),
      updated: Math.max(...rows.map(({ updated }) => updated)),
      hosting: hostings.includes("pushed") ? "pushed" : isCached ? "cached" : undefined,
      isLeased: rows.some(({ manifest }) => leases.isLeased({ kind: "manifest", resource: manifest.digest })),
    };
  });
}

/** Bytes of all blobs and of all layers as they are unpacked. */
export async function heldBytes({
  content,
  snapshotter,
}: {
  content: ContentStore;
  snapshotter: Snapshotter;
}): Promise<number> {
  let bytes = 0;
  for await (const { size } of content.walk()) bytes += size;
  for (const { key, kind } of snapshotter.list()) {
    // It may be gone meanwhile.
    if (kind !== "committed" || snapshotter.info(key) === undefined) continue;
    bytes += (await snapshotter.usage(key)).bytes;
  }
  return bytes;
}
