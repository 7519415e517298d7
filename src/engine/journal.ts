import { type Database, type Migration, openDatabase } from "../base/index.ts";

/** Tables of what has happened. */
const migrations: readonly Migration[] = [
  {
    module: "journal",
    version: 1,
    sql: `
      CREATE TABLE events (
        time INTEGER PRIMARY KEY,
        type TEXT NOT NULL,
        action TEXT NOT NULL,
        object TEXT NOT NULL,
        attributes TEXT NOT NULL
      ) STRICT;
      CREATE TABLE runs (
        container TEXT NOT NULL,
        number INTEGER NOT NULL,
        started_at TEXT NOT NULL,
        plan_digest TEXT NOT NULL,
        plan BLOB,
        finish TEXT,
        PRIMARY KEY (container, number)
      ) STRICT, WITHOUT ROWID;
    `,
  },
  {
    module: "journal",
    version: 3,
    sql: "CREATE TABLE health (container TEXT PRIMARY KEY, health TEXT NOT NULL) STRICT",
  },
  {
    module: "journal",
    version: 4,
    sql: `
      CREATE TABLE good_runs (
        name TEXT PRIMARY KEY,
        container TEXT NOT NULL,
        at TEXT NOT NULL,
        configuration TEXT NOT NULL
      ) STRICT;
      CREATE INDEX good_runs_at ON good_runs (at);
    `,
  },
  {
    module: "journal",
    version: 5,
    sql: "CREATE TABLE image_uses (image TEXT PRIMARY KEY, at INTEGER NOT NULL) STRICT, WITHOUT ROWID",
  },
  { module: "journal", version: 2, sql: "CREATE INDEX events_object ON events (object, action, time)" },
];

/**
 * Opens the database of what has happened: events and the runs of containers. It is a file of its own because it may
 * lose its last moments when the power fails, and so costs no wait for the disk; the death of a process loses nothing.
 */
export function openJournal(path: string): Database {
  const database = openDatabase(path, migrations);
  database.sql.exec("PRAGMA synchronous = NORMAL");
  return database;
}
