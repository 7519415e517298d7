import type { Database, Migration } from "../../base/index.ts";
import type { Usage } from "../layers/translate.ts";
import type { SnapshotForm, SnapshotKind } from "./snapshotter.ts";

export const snapshotMigrations: readonly Migration[] = [
  {
    module: "snapshots",
    version: 1,
    sql: `CREATE TABLE snapshots (
      id INTEGER PRIMARY KEY AUTOINCREMENT,
      key TEXT NOT NULL UNIQUE,
      kind TEXT NOT NULL CHECK (kind IN ('active', 'view', 'committed')),
      state TEXT NOT NULL CHECK (state IN ('making', 'ready', 'removing')),
      parent INTEGER REFERENCES snapshots (id),
      created INTEGER NOT NULL,
      bytes INTEGER,
      inodes INTEGER,
      hides_all INTEGER NOT NULL DEFAULT 0,
      directory TEXT UNIQUE
    ) STRICT;
    CREATE INDEX snapshots_parent ON snapshots (parent)`,
  },
  {
    module: "snapshots",
    version: 2,
    sql: `ALTER TABLE snapshots ADD COLUMN form TEXT NOT NULL DEFAULT 'overlay' CHECK (form IN ('overlay', 'erofs'))`,
  },
];

/**
 * A row. `directory` names the snapshot's directory, `id` does where that is null. A row is written before its directory is made, in state `making`, and
 * marked `removing` before its directory goes, so that every directory without a `ready` row is a leftover.
 *
 * Nobody relies on a row that is `making` or has just become `ready` before a later commit says so: of a container, of a
 * layer. What a power loss takes with it is a leftover, too.
 */
export type SnapshotRow = {
  id: number;
  key: string;
  kind: SnapshotKind;
  state: "making" | "ready" | "removing";
  parent: number | null;
  created: number;
  bytes: number | null;
  inodes: number | null;
  hides_all: number;
  directory: string | null;
  form: SnapshotForm;
};

/** Name of the directory that a row's snapshot is in. */
export function directoryOf({ id, directory }: Pick<SnapshotRow, "id" | "directory">): string {
  return directory ?? String(id);
}

type NewRow = Pick<SnapshotRow, "key" | "kind" | "parent" | "created" | "directory">;

type Committed = {
  name: string;
  parent: number | null;
  usage: Usage;
  hidesAll: boolean;
  form: SnapshotForm;
};

/** The rows of all snapshots. */
export function createSnapshotTable({ sql, lazily, transaction }: Database) {
  const byKey = sql.prepare("SELECT * FROM snapshots WHERE key = ? AND state = 'ready'");
  const anyState = sql.prepare("SELECT 1 FROM snapshots WHERE key = ?");
  const byDirectory = sql.prepare("SELECT 1 FROM snapshots WHERE directory = ?");
  const byId = sql.prepare("SELECT * FROM snapshots WHERE id = ?");
  const all = sql.prepare("SELECT * FROM snapshots ORDER BY id");
  const child = sql.prepare("SELECT key FROM snapshots WHERE parent = ? LIMIT 1");
  const insert = sql.prepare(
    "INSERT INTO snapshots (key, kind, state, parent, created, directory) VALUES (?, ?, 'making', ?, ?, ?)",
  );
  const ready = sql.prepare("UPDATE snapshots SET state = 'ready' WHERE id = ?");
  // The key and the parent become free at once: nobody should have to wait for the files to go.
  const removing = sql.prepare(
    "UPDATE snapshots SET state = 'removing', key = 'removed ' || id, directory = 'removed-' || id WHERE id = ?",
  );
  const erase = sql.prepare("DELETE FROM snapshots WHERE id = ?");
  const commit = sql.prepare(
    "UPDATE snapshots SET key = ?, kind = 'committed', parent = ?, bytes = ?, inodes = ?, hides_all = ?, form = ? WHERE id = ?",
  );
  const refill = sql.prepare(
    "UPDATE snapshots SET bytes = ?, inodes = ?, hides_all = ?, form = ? WHERE id = ?",
  );
  return {
    get: (key: string) => byKey.get(key) as SnapshotRow | undefined,
    /** Whether a key is in use, also by a snapshot that is still being made. */
    isTaken: (key: string) => anyState.get(key) !== undefined,
    isDirectoryTaken: (name: string) => byDirectory.get(name) !== undefined,
    parentOf: (row: SnapshotRow) =>
      row.parent === null ? undefined : (byId.get(row.parent) as SnapshotRow | undefined),
    all: () => all.all() as SnapshotRow[],
    childOf: (row: SnapshotRow) => (child.get(row.id) as { key: string } | undefined)?.key,
    insert: (values: NewRow) => {
      const { key, kind, parent, created, directory } = values;
      return lazily(() => Number(insert.run(key, kind, parent, created, directory).lastInsertRowid));
    },
    markReady: (id: number) => void lazily(() => ready.run(id)),
    /** @param lazy whoever owns it knows after a power loss that it was to go */
    markRemoving: (id: number, lazy: boolean) =>
      void (lazy ? lazily(() => removing.run(id)) : removing.run(id)),
    erase: (id: number) => void lazily(() => erase.run(id)),
    /** A committed snapshot has the files of another one, which is no more. */
    refill: (id: number, from: number, { usage, hidesAll, form }: Omit<Committed, "name" | "parent">) =>
      transaction(() => {
        refill.run(usage.bytes, usage.inodes, hidesAll ? 1 : 0, form, id);
        erase.run(from);
      }),
    /** @param durable false: a power loss may take it back */
    commit: (id: number, values: Committed, durable: boolean) => {
      const { name, parent, usage, hidesAll, form } = values;
      const work = () => commit.run(name, parent, usage.bytes, usage.inodes, hidesAll ? 1 : 0, form, id);
      durable ? work() : lazily(work);
    },
  };
}

export type SnapshotTable = ReturnType<typeof createSnapshotTable>;
