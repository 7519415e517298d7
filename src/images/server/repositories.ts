import type { Digest } from "../../base/index.ts";
import { closureOf, isDocument } from "../closure.ts";
import type { ContentStore } from "../content/content-store.ts";
import { type ImageRow, type ImageTable, isDangling } from "../image-table.ts";
import { type Documents, type KnownDocument, type Member, walkDocuments } from "./documents.ts";
import type { RegistryTable } from "./registry-table.ts";

export type RepositoriesOptions = {
  content: ContentStore;
  table: ImageTable;
  registry: RegistryTable;
  documents: Documents;
};

/** A manifest that is about another one. */
export type Referrer = Member & Pick<KnownDocument, "artifactType" | "annotations">;

/**
 * What is in repositories, which are named as in references: `docker.io/library/debian`. An image belongs to those in
 * which it has names, and with it all that its manifests list. Beside the images there is what was pushed and is none.
 */
export interface Repositories {
  /** Whether anything was ever in a repository that still is. */
  exists(repository: string): boolean;
  /** What a tag stands for. */
  tagged(repository: string, tag: string): Promise<Member | undefined>;
  /** The manifest or index with a digest, if it belongs to a repository. */
  manifest(repository: string, digest: string): Promise<Member | undefined>;
  /** What a manifest of a repository lists, or a manifest of it, in the store or not. */
  listed(repository: string, digest: string): Promise<Member | undefined>;
  /** The size of a blob that belongs to a repository. */
  blob(repository: string, digest: Digest): Promise<number | undefined>;
  /** Those of some digests that do not belong to a repository, or are not in the store. */
  missing(repository: string, digests: readonly Digest[]): Promise<Digest[]>;
  /** All tags, in the order of their characters. */
  tags(repository: string): string[];
  /** What is about a manifest, in the order of the digests. */
  referrers(repository: string, subject: string): Promise<Referrer[]>;
  /** Names that begin with a registry's name and a slash, in the order of their characters. */
  list(prefix: string): string[];
  /** What the row of an image stands for here: see `servedBy`. */
  served(row: ImageRow): Promise<Member>;
}

export function openRepositories(options: RepositoriesOptions): Repositories {
  const { content, table, registry, documents } = options;
  const walk = (repository: string) => walkDocuments(documents, rootsOf(options, repository));
  const served = (row: ImageRow) => servedBy(content, row);
  return {
    served,
    exists: (repository) =>
      table.inRepository(repository).length > 0 ||
      registry.manifests(repository).length > 0 ||
      registry.blobs(repository).length > 0,
    async tagged(repository, tag) {
      const row = table.get(`${repository}:${tag}`);
      if (row !== undefined) return await served(row);
      const digest = registry.tag(repository, tag);
      return registry.manifests(repository).find((each) => each.digest === digest);
    },
    async manifest(repository, digest) {
      for await (const member of walk(repository)) {
        if (member.digest === digest && isDocument(member)) return member;
      }
      return undefined;
    },
    async listed(repository, digest) {
      for await (const member of walk(repository)) if (member.digest === digest) return member;
      return undefined;
    },
    async blob(repository, digest) {
      if (registry.hasBlob(repository, digest)) return await content.size(digest);
      for await (const member of walk(repository)) {
        if (member.digest === digest && !isDocument(member)) return await content.size(digest);
      }
      return undefined;
    },
    async missing(repository, digests) {
      const missing = new Set<Digest>();
      for (const digest of digests) {
        if ((await content.size(digest)) === undefined || !registry.hasBlob(repository, digest)) {
          missing.add(digest);
        }
      }
      if (missing.size === 0) return [];
      for await (const { digest } of walk(repository)) {
        if (missing.has(digest) && (await content.size(digest)) !== undefined) missing.delete(digest);
        if (missing.size === 0) break;
      }
      return [...missing];
    },
    tags(repository) {
      const named = table.inRepository(repository).map(({ name }) => name);
      const tags = named
        .filter((name) => !name.includes("@"))
        .map((name) => name.slice(repository.length + 1));
      return [...new Set([...tags, ...registry.tags(repository).map(({ tag }) => tag)])].sort();
    },
    async referrers(repository, subject) {
      const found: Referrer[] = [];
      for await (const member of walk(repository)) {
        if (!isDocument(member)) continue;
        const document = await documents.read(member.digest, member.mediaType);
        if (document === undefined || document.subject !== subject) continue;
        if (found.some((each) => each.digest === member.digest)) continue;
        const { artifactType, annotations } = document;
        const { mediaType, digest, size } = member;
        found.push({ mediaType, digest, size, artifactType, annotations });
      }
      return found.sort((a, b) => (a.digest < b.digest ? -1 : 1));
    },
    list: (prefix) => [...new Set([...table.repositories(prefix), ...registry.repositories(prefix)])].sort(),
  };
}

function rootsOf({ table, registry }: RepositoriesOptions, repository: string): Member[] {
  const rows = table.inRepository(repository).filter(({ name }) => !isDangling(name));
  return [...rows.flatMap(({ target, manifest }) => [target, manifest]), ...registry.manifests(repository)];
}

/**
 * What the name of an image stands for to others: the index that it came with where all of that is here, so that its
 * digest stays; else the one image of it that is here.
 */
async function servedBy(content: ContentStore, { target, manifest }: ImageRow): Promise<Member> {
  if (target.digest === manifest.digest) return target;
  return (await closureOf(content, target)).missing === undefined ? target : manifest;
}
