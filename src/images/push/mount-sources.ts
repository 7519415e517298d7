import type { Digest } from "../../base/index.ts";
import { TugError } from "../../base/index.ts";
import type { ContentStore } from "../content/content-store.ts";
import { loadManifest } from "../image-store.ts";
import { type ImageTable, isDangling } from "../image-table.ts";
import { parseName, type Reference, type ReferenceOptions } from "../reference.ts";

/** Repositories that are asked for one blob at most: each costs a request, and the first usually has it. */
const most = 3;

/**
 * Where else on a registry blobs may be: the repositories that images with these blobs came from or went to.
 * @returns the paths of repositories by digest
 */
export async function findMountSources(
  { table, content, references }: { table: ImageTable; content: ContentStore; references: ReferenceOptions },
  { domain, path }: Reference,
): Promise<(digest: Digest) => readonly string[]> {
  const sources = new Map<Digest, Set<string>>();
  for (const { name, manifest } of table.all()) {
    if (isDangling(name) || !name.includes("@")) continue;
    const other = parseName(name, references);
    if (other.domain !== domain || other.path === path) continue;
    for (const { digest } of await blobsOf(content, manifest)) {
      const known = sources.get(digest) ?? new Set();
      if (known.size < most) known.add(other.path);
      sources.set(digest, known);
    }
  }
  return (digest) => [...(sources.get(digest) ?? [])];
}

/** An image that cannot be read is no source; pushing another one goes on. */
async function blobsOf(content: ContentStore, manifest: Parameters<typeof loadManifest>[1]) {
  try {
    const { config, layers } = await loadManifest(content, manifest);
    return [config, ...layers];
  } catch (error) {
    if (error instanceof TugError) return [];
    throw error;
  }
}
