import type { Database, Digest, Migration } from "../../base/index.ts";

export const registryMigrations: readonly Migration[] = [
  {
    module: "registry",
    version: 1,
    sql: `CREATE TABLE registry_manifests (
      repository TEXT NOT NULL,
      digest TEXT NOT NULL,
      media_type TEXT NOT NULL,
      size INTEGER NOT NULL,
      pushed INTEGER NOT NULL,
      cached INTEGER NOT NULL,
      PRIMARY KEY (repository, digest)
    ) STRICT, WITHOUT ROWID;
    CREATE TABLE registry_tags (
      repository TEXT NOT NULL,
      tag TEXT NOT NULL,
      digest TEXT NOT NULL,
      PRIMARY KEY (repository, tag)
    ) STRICT, WITHOUT ROWID;
    CREATE TABLE registry_blobs (
      repository TEXT NOT NULL,
      digest TEXT NOT NULL,
      pushed INTEGER NOT NULL,
      PRIMARY KEY (repository, digest)
    ) STRICT, WITHOUT ROWID;
    CREATE INDEX registry_blobs_digest ON registry_blobs (digest);
    CREATE TABLE registry_images (
      repository TEXT NOT NULL,
      digest TEXT NOT NULL,
      cached INTEGER NOT NULL,
      PRIMARY KEY (repository, digest)
    ) STRICT, WITHOUT ROWID`,
  },
];

/** A manifest or index in a repository; moments in milliseconds since the epoch. */
export type HostedManifest = {
  readonly repository: string;
  readonly digest: Digest;
  readonly mediaType: string;
  readonly size: number;
  readonly pushed: number;
  /** It came from another registry and can be had there again. */
  readonly cached: boolean;
};

/** A blob that was sent and that no manifest of its repository refers to yet. */
export type HostedBlob = { readonly repository: string; readonly digest: Digest; readonly pushed: number };

/** That an image of the store came by a registry. `cached`: it came from another one and can be had there again. */
export type HostedImage = {
  readonly repository: string;
  readonly digest: Digest;
  readonly cached: boolean;
};

/**
 * What was pushed and is no image, by repository: the registry and the path, as in references. Images are in the table
 * of images; of them only is on record here that they were pushed.
 */
export interface RegistryTable {
  /** All manifests, or those of one repository. */
  manifests(repository?: string): HostedManifest[];
  putManifest(manifest: HostedManifest): void;
  /** Takes a manifest away with its tags. False where there is none. */
  deleteManifest(repository: string, digest: string): boolean;

  tag(repository: string, tag: string): Digest | undefined;
  tags(repository: string): { tag: string; digest: Digest }[];
  putTag(repository: string, tag: string, digest: Digest): void;
  deleteTag(repository: string, tag: string): boolean;

  /** All blobs, or those of one repository. */
  blobs(repository?: string): HostedBlob[];
  hasBlob(repository: string, digest: string): boolean;
  /** A repository with this blob, of those whose names begin so. */
  repositoryWithBlob(prefix: string, digest: string): string | undefined;
  putBlob(blob: HostedBlob): void;
  deleteBlob(repository: string, digest: string): boolean;

  /** Images that were pushed, or that a mirror has fetched, by the digests of their manifests or indexes. */
  images(): HostedImage[];
  putImage(image: HostedImage): void;
  deleteImage(repository: string, digest: Digest): void;

  /** Repositories whose names begin so. */
  repositories(prefix: string): string[];
}

type Row = {
  repository: string;
  digest: Digest;
  media_type: string;
  size: number;
  pushed: number;
  cached: number;
};

export function createRegistryTable({ sql, transaction }: Database): RegistryTable {
  const allManifests = sql.prepare("SELECT * FROM registry_manifests");
  const manifests = sql.prepare("SELECT * FROM registry_manifests WHERE repository = ?");
  const putManifest = sql.prepare("INSERT OR REPLACE INTO registry_manifests VALUES (?, ?, ?, ?, ?, ?)");
  const eraseManifest = sql.prepare("DELETE FROM registry_manifests WHERE repository = ? AND digest = ?");
  const tag = sql.prepare("SELECT digest FROM registry_tags WHERE repository = ? AND tag = ?");
  const tags = sql.prepare("SELECT tag, digest FROM registry_tags WHERE repository = ?");
  const putTag = sql.prepare("INSERT OR REPLACE INTO registry_tags VALUES (?, ?, ?)");
  const eraseTag = sql.prepare("DELETE FROM registry_tags WHERE repository = ? AND tag = ?");
  const eraseTagsOf = sql.prepare("DELETE FROM registry_tags WHERE repository = ? AND digest = ?");
  const allBlobs = sql.prepare("SELECT * FROM registry_blobs");
  const blobs = sql.prepare("SELECT * FROM registry_blobs WHERE repository = ?");
  const blob = sql.prepare("SELECT 1 FROM registry_blobs WHERE repository = ? AND digest = ?");
  const holder = sql.prepare(
    "SELECT repository FROM registry_blobs WHERE digest = ? AND substr(repository, 1, ?) = ? LIMIT 1",
  );
  const putBlob = sql.prepare("INSERT OR REPLACE INTO registry_blobs VALUES (?, ?, ?)");
  const eraseBlob = sql.prepare("DELETE FROM registry_blobs WHERE repository = ? AND digest = ?");
  const images = sql.prepare("SELECT * FROM registry_images");
  const putImage = sql.prepare("INSERT OR REPLACE INTO registry_images VALUES (?, ?, ?)");
  const eraseImage = sql.prepare("DELETE FROM registry_images WHERE repository = ? AND digest = ?");
  const repositories = sql.prepare(
    "SELECT DISTINCT repository FROM registry_manifests WHERE substr(repository, 1, ?) = ?",
  );
  return {
    manifests: (repository) =>
      ((repository === undefined ? allManifests.all() : manifests.all(repository)) as Row[]).map(
        ({ media_type: mediaType, cached, ...row }) => ({ ...row, mediaType, cached: cached === 1 }),
      ),
    putManifest({ repository, digest, mediaType, size, pushed, cached }) {
      putManifest.run(repository, digest, mediaType, size, pushed, cached ? 1 : 0);
    },
    deleteManifest: (repository, digest) =>
      transaction(() => {
        eraseTagsOf.run(repository, digest);
        return eraseManifest.run(repository, digest).changes > 0;
      }),
    tag: (repository, name) => (tag.get(repository, name) as { digest: Digest } | undefined)?.digest,
    tags: (repository) => tags.all(repository) as { tag: string; digest: Digest }[],
    putTag: (repository, name, digest) => void putTag.run(repository, name, digest),
    deleteTag: (repository, name) => eraseTag.run(repository, name).changes > 0,
    blobs: (repository) =>
      (repository === undefined ? allBlobs.all() : blobs.all(repository)) as HostedBlob[],
    hasBlob: (repository, digest) => blob.get(repository, digest) !== undefined,
    repositoryWithBlob: (prefix, digest) =>
      (holder.get(digest, prefix.length, prefix) as { repository: string } | undefined)?.repository,
    putBlob: ({ repository, digest, pushed }) => void putBlob.run(repository, digest, pushed),
    deleteBlob: (repository, digest) => eraseBlob.run(repository, digest).changes > 0,
    images: () =>
      (images.all() as { repository: string; digest: Digest; cached: number }[]).map((row) => ({
        ...row,
        cached: row.cached === 1,
      })),
    putImage: ({ repository, digest, cached }) => void putImage.run(repository, digest, cached ? 1 : 0),
    deleteImage: (repository, digest) => void eraseImage.run(repository, digest),
    repositories: (prefix) =>
      (repositories.all(prefix.length, prefix) as { repository: string }[]).map((row) => row.repository),
  };
}
