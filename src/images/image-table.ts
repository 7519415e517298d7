import type { Database, Digest, Migration } from "../base/index.ts";
import type { Descriptor } from "../specs/index.ts";

export const imageMigrations: readonly Migration[] = [
  {
    module: "images",
    version: 1,
    sql: `CREATE TABLE images (
      name TEXT PRIMARY KEY,
      id TEXT NOT NULL,
      manifest TEXT NOT NULL,
      target TEXT NOT NULL,
      updated INTEGER NOT NULL
    ) STRICT, WITHOUT ROWID;
    CREATE INDEX images_id ON images (id)`,
  },
];

/** An image as it is on record. */
export type ImageRecord = {
  /** Digest of the configuration. */
  id: Digest;
  manifest: Descriptor;
  /** What the name stands for where it came from: the manifest, or the index that it was chosen from. */
  target: Descriptor;
};

/**
 * One name of an image: a full reference with a tag or with a digest. An image that has lost its last name is kept
 * under `@` and its id, which is no reference.
 */
export type ImageRow = ImageRecord & {
  name: string;
  /** When the name was last given, in milliseconds since the epoch. */
  updated: number;
};

/** Names of images. */
export interface ImageTable {
  get(name: string): ImageRow | undefined;
  /** All names of one image. */
  byId(id: Digest): ImageRow[];
  /** Ids that begin with these characters. */
  idsWithPrefix(prefix: string): Digest[];
  all(): ImageRow[];
  /** All names in one repository, such as `docker.io/library/debian`. */
  inRepository(repository: string): ImageRow[];
  /** All repositories whose names begin so. */
  repositories(prefix: string): string[];
  /**
   * Gives names to an image, all or none; an image that had one before stays, without a name if it was its only one.
   *
   * @param options.durable false: a power loss may take it back
   */
  put(names: readonly string[], record: ImageRecord, now: number, options?: { durable?: boolean }): void;
  /** Keeps an image that may have no name. */
  keep(record: ImageRecord, now: number): void;
  /**
   * Takes names away, all or none, and with the last one the image.
   *
   * @param options.keepImages true: an image that loses its last name stays without one
   */
  delete(names: readonly string[], options?: { keepImages?: boolean }): void;
}

/** Whether a name only keeps an image that has no name. */
export function isDangling(name: string): boolean {
  return name.startsWith("@");
}

type Columns = { name: string; id: Digest; manifest: string; target: string; updated: number };

export function createImageTable({ sql, transaction, lazily }: Database): ImageTable {
  const byName = sql.prepare("SELECT * FROM images WHERE name = ?");
  const byId = sql.prepare("SELECT * FROM images WHERE id = ? ORDER BY name");
  const prefix = sql.prepare("SELECT DISTINCT id FROM images WHERE substr(id, 1, ?) = ? LIMIT 2");
  const all = sql.prepare("SELECT * FROM images ORDER BY name");
  // A tag follows a colon, a digest an at sign; the next characters after these are ; and A.
  const inRepository = sql.prepare(
    "SELECT * FROM images WHERE (name > ?1 || ':' AND name < ?1 || ';') OR (name > ?1 || '@' AND name < ?1 || 'A')",
  );
  const withPrefix = sql.prepare("SELECT name FROM images WHERE substr(name, 1, ?) = ? ORDER BY name");
  const put = sql.prepare("INSERT OR REPLACE INTO images VALUES (:name, :id, :manifest, :target, :updated)");
  const erase = sql.prepare("DELETE FROM images WHERE name = ?");
  const write = (row: ImageRow) =>
    put.run({ ...row, manifest: JSON.stringify(row.manifest), target: JSON.stringify(row.target) });
  const keepNameless = (previous: Columns): void => {
    if (byId.get(previous.id) !== undefined) return;
    write({ ...parseRow(previous), name: danglingName(previous.id) });
  };
  const rename = (name: string, record: ImageRecord, now: number): void => {
    const previous = byName.get(name) as Columns | undefined;
    write({ ...record, name, updated: now });
    erase.run(danglingName(record.id));
    if (previous !== undefined && previous.id !== record.id) keepNameless(previous);
  };

  return {
    get(name) {
      const row = byName.get(name) as Columns | undefined;
      return row === undefined ? undefined : parseRow(row);
    },
    byId: (id) => (byId.all(id) as Columns[]).map(parseRow),
    idsWithPrefix: (text) => (prefix.all(text.length, text) as { id: Digest }[]).map(({ id }) => id),
    all: () => (all.all() as Columns[]).map(parseRow),
    inRepository: (repository) => (inRepository.all(repository) as Columns[]).map(parseRow),
    repositories(text) {
      const names = withPrefix.all(text.length, text) as { name: string }[];
      return [...new Set(names.map(({ name }) => name.replace(/@.*$|:[^:/]*$/, "")))];
    },
    put(names, record, now, { durable = true } = {}) {
      const work = () =>
        transaction(() => {
          for (const name of names) rename(name, record, now);
        });
      durable ? work() : lazily(work);
    },
    keep: (record, now) =>
      transaction(() => {
        if (byId.get(record.id) === undefined)
          write({ ...record, name: danglingName(record.id), updated: now });
      }),
    delete: (names, { keepImages = false } = {}) =>
      transaction(() => {
        for (const name of names) {
          const row = byName.get(name) as Columns | undefined;
          erase.run(name);
          if (keepImages && row !== undefined) keepNameless(row);
        }
      }),
  };
}

/** The name that keeps an image without one. */
export function danglingName(id: Digest): string {
  return `@${id}`;
}

function parseRow({ name, id, manifest, target, updated }: Columns): ImageRow {
  return { name, id, manifest: JSON.parse(manifest), target: JSON.parse(target), updated };
}
