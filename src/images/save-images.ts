import { layoutOf, type SavedImage, saveArchive } from "./archive/save.ts";
import { saveLayout } from "./archive/save-layout.ts";
import type { ContentStore } from "./content/content-store.ts";
import { type ImageStore, notFound } from "./image-store.ts";
import type { ImageTable } from "./image-table.ts";
import type { Lease, Leases } from "./leases.ts";
import { parseName, type ReferenceOptions, repositoryOf } from "./reference.ts";

export type SaverOptions = {
  content: ContentStore;
  store: ImageStore;
  table: ImageTable;
  leases: Leases;
  references: ReferenceOptions;
};

/** The images of queries as an archive. @throws IMAGE_NOT_FOUND before the first byte */
export async function saveImages(
  options: SaverOptions,
  queries: readonly string[],
  signal?: AbortSignal,
): Promise<AsyncIterable<Uint8Array>> {
  const images = await findImages(options, queries);
  return (async function* archive() {
    using lease = options.leases.temporary();
    await retainAll(lease, images);
    yield* saveArchive(layoutOf(images, options.references), options.content, signal);
  })();
}

/** The images of queries as a layout in a directory. */
export async function saveImagesToLayout(
  options: SaverOptions,
  queries: readonly string[],
  { directory, signal }: { directory: string; signal?: AbortSignal | undefined },
): Promise<void> {
  const images = await findImages(options, queries);
  using lease = options.leases.temporary();
  await retainAll(lease, images);
  await saveLayout(layoutOf(images, options.references), options.content, { directory, signal });
}

async function retainAll(lease: Lease, images: readonly SavedImage[]): Promise<void> {
  for (const { image } of images) await lease.retain({ kind: "manifest", resource: image.manifest.digest });
}

/** Each image once, with the names by which it was asked for. An id brings no names. */
async function findImages(
  { store, table, references }: SaverOptions,
  queries: readonly string[],
): Promise<SavedImage[]> {
  const names = new Map<string, Set<string>>();
  for (const query of queries) {
    const ofRepository = tagsOfRepository(table, query, references);
    const found =
      ofRepository.length > 0 ? ofRepository.map((name) => store.find(name)) : [store.find(query)];
    for (const image of found) {
      if (image === undefined) throw notFound(query);
      const known = names.get(image.id) ?? new Set();
      names.set(image.id, known);
      if (image.name !== undefined && !image.name.includes("@")) known.add(image.name);
    }
  }
  return await Promise.all(
    [...names].map(async ([id, known]) => ({ image: await store.get(id), names: [...known].sort() })),
  );
}

/** All tags of a repository, for a query that has neither a tag nor a digest. */
function tagsOfRepository(table: ImageTable, query: string, references: ReferenceOptions): string[] {
  if (/^(sha256:)?[0-9a-f]{64}$/.test(query)) return [];
  const { domain, path, tag, digest } = parseName(query, references);
  if (tag !== undefined || digest !== undefined) return [];
  const prefix = `${repositoryOf({ domain, path })}:`;
  return table
    .all()
    .map(({ name }) => name)
    .filter((name) => name.startsWith(prefix) && !name.includes("@"));
}
