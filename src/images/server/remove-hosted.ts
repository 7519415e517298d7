import type { Digest } from "../../base/index.ts";
import type { ImageStore } from "../image-store.ts";
import type { ImageTable } from "../image-table.ts";
import type { Leases } from "../leases.ts";
import { Refusal } from "./answers.ts";
import { dropBlob, dropManifest } from "./hosted-leases.ts";
import type { RegistryTable } from "./registry-table.ts";
import type { Repositories } from "./repositories.ts";

export type RemoverOptions = {
  table: ImageTable;
  store: ImageStore;
  leases: Leases;
  registry: RegistryTable;
  repositories: Repositories;
};

/** Takes a tag away; what it stood for can still be had by its digest. @throws Refusal where there is none */
export async function removeTag(
  { table, store, registry }: RemoverOptions,
  repository: string,
  tag: string,
): Promise<void> {
  const isGone = registry.deleteTag(repository, tag);
  const row = table.get(`${repository}:${tag}`);
  if (row !== undefined) await store.delete([row.name]);
  if (!isGone && row === undefined) throw new Refusal(404, "MANIFEST_UNKNOWN", "there is no such tag");
}

/**
 * Takes a manifest or index away with all its tags, and with it what nothing else lists.
 * @throws Refusal where there is none, or where another one lists it
 */
export async function removeManifest(
  options: RemoverOptions,
  repository: string,
  digest: Digest,
): Promise<void> {
  const { table, store, registry, repositories } = options;
  const names: string[] = [];
  for (const row of table.inRepository(repository)) {
    if (row.target.digest !== digest && row.manifest.digest !== digest) continue;
    if (row.target.digest === digest || (await repositories.served(row)).digest === digest)
      names.push(row.name);
  }
  const isGone = dropManifest(options, repository, digest);
  if (names.length > 0) await store.delete(names);
  // Last: a name that a crash leaves must still be known as one that was pushed.
  registry.deleteImage(repository, digest);
  if (isGone || names.length > 0) return;
  if ((await repositories.manifest(repository, digest)) !== undefined) throw listed(digest);
  throw new Refusal(404, "MANIFEST_UNKNOWN", "there is no such manifest");
}

/** Takes a blob away that was sent. @throws Refusal where there is none, or where a manifest lists it */
export async function removeBlob(options: RemoverOptions, repository: string, digest: Digest): Promise<void> {
  if (dropBlob(options, repository, digest)) return;
  if ((await options.repositories.blob(repository, digest)) !== undefined) throw listed(digest);
  throw new Refusal(404, "BLOB_UNKNOWN", "there is no such blob");
}

function listed(digest: Digest): Refusal {
  return new Refusal(405, "UNSUPPORTED", `${digest} is listed by a manifest of the repository: delete that`);
}
