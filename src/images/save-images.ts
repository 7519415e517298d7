import type { Platform } from "../specs/index.ts";
import { layoutOf, type SavedImage, saveArchive } from "./archive/save.ts";
import { saveLayout } from "./archive/save-layout.ts";
import type { ContentStore } from "./content/content-store.ts";
import { type ImageStore, loadManifest, notFound } from "./image-store.ts";
import type { ImageTable } from "./image-table.ts";
import type { Lease, Leases } from "./leases.ts";
import { outgoing } from "./outgoing.ts";
import { parseName, type ReferenceOptions, repositoryOf } from "./reference.ts";

export type SaverOptions = {
  content: ContentStore;
  store: ImageStore;
  table: ImageTable;
  leases: Leases;
  references: ReferenceOptions;
};

export type SaveRequest = { platform?: Platform | undefined; signal?: AbortSignal | undefined };

/** The images of queries as an archive. @throws IMAGE_NOT_FOUND before the first byte */
export async function saveImages(
  options: SaverOptions,
  queries: readonly string[],
  { platform, signal }: SaveRequest = {},
): Promise<AsyncIterable<Uint8Array>> {
  const images = await findImages(options, queries, platform);
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
  { directory, platform, signal }: SaveRequest & { directory: string },
): Promise<void> {
  const images = await findImages(options, queries, platform);
  using lease = options.leases.temporary();
  await retainAll(lease, images);
  await saveLayout(layoutOf(images, options.references), options.content, { directory, signal });
}

async function retainAll(lease: Lease, images: readonly SavedImage[]): Promise<void> {
  for (const { closure } of images) await lease.retain({ kind: "manifest", resource: closure.root.digest });
}

/** Each image once, with the names by which it was asked for. An id brings no names. */
async function findImages(
  options: SaverOptions,
  queries: readonly string[],
  platform: Platform | undefined,
): Promise<SavedImage[]> {
  const { store, table, references } = options;
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
  const ids = [...names];
  return await Promise.all(
    ids.map(([id, known]) => withClosure(options, { id, names: [...known].sort(), platform })),
  );
}

/** The image of a platform has another configuration than the one by which its index was found. */
async function withClosure(
  { content, store }: SaverOptions,
  { id, names, platform }: { id: string; names: readonly string[]; platform: Platform | undefined },
): Promise<SavedImage> {
  const found = await store.get(id);
  const name = names[0] ?? id;
  const closure = await outgoing({ content, record: found, verb: "save", name, platform });
  const isOther = closure.documents.every(({ digest }) => digest !== found.manifest.digest);
  if (!isOther) return { image: found, names, closure };
  const manifest = closure.root;
  const { config } = await loadManifest(content, manifest);
  return { image: await store.read({ id: config.digest, manifest, target: manifest }), names, closure };
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
