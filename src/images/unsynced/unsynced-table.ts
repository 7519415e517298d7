import type { Database, Digest, Migration } from "../../base/index.ts";

export const unsyncedMigrations: readonly Migration[] = [
  {
    module: "unsynced",
    version: 1,
    sql: `CREATE TABLE unsynced (
      kind TEXT NOT NULL CHECK (kind IN ('blob', 'layer')),
      resource TEXT NOT NULL,
      boot TEXT NOT NULL,
      PRIMARY KEY (kind, resource)
    ) STRICT, WITHOUT ROWID`,
  },
];

/** What was written without waiting for the disk: the blob of a layer, or the files of one by its chain id. */
export type Unsynced = { readonly kind: "blob" | "layer"; readonly resource: Digest };

/**
 * What may not be on the disk yet, with the boot in which it was written. A row is on the disk before anybody takes what it
 * stands for to be there; it goes when the disk is known to have all of it.
 */
export function createUnsyncedTable({ sql, transaction, lazily, settle }: Database) {
  const insert = sql.prepare("INSERT OR REPLACE INTO unsynced (kind, resource, boot) VALUES (?, ?, ?)");
  const erase = sql.prepare("DELETE FROM unsynced WHERE kind = ? AND resource = ?");
  const ofBoot = sql.prepare("SELECT kind, resource FROM unsynced WHERE boot = ?");
  const others = sql.prepare("SELECT kind, resource FROM unsynced WHERE boot != ?");
  return {
    /** Resolves when the rows are on the disk; they count at once. */
    add: (resources: readonly Unsynced[], boot: string): Promise<void> => {
      lazily(() =>
        transaction(() => {
          for (const { kind, resource } of resources) insert.run(kind, resource, boot);
        }),
      );
      return settle();
    },
    /** A power loss may bring rows back, which does no harm. */
    erase: (resources: readonly Unsynced[]) =>
      lazily(() =>
        transaction(() => {
          for (const { kind, resource } of resources) erase.run(kind, resource);
        }),
      ),
    ofBoot: (boot: string) => ofBoot.all(boot).map(unsyncedOf),
    /** What was written before the machine went down. */
    ofOtherBoots: (boot: string) => others.all(boot).map(unsyncedOf),
  };
}

function unsyncedOf({ kind, resource }: Record<string, unknown>): Unsynced {
  return { kind, resource } as Unsynced;
}

export type UnsyncedTable = ReturnType<typeof createUnsyncedTable>;
