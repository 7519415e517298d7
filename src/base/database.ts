import { closeSync, openSync } from "node:fs";
import type { DatabaseSync } from "node:sqlite";
import { defineErrors, messageOf, type TugError } from "./error.ts";
import { isFullDisk } from "./full-disk.ts";
import { ifThere } from "./if-there.ts";
import { inTurns } from "./in-turns.ts";
import { syncData } from "./sync.ts";

const fail = defineErrors("DATABASE", {
  OPEN: { kind: "internal", when: "the database file cannot be opened, or is not a database" },
  NEWER: { kind: "conflict", when: "the database was written by a newer version of tug" },
  MIGRATION: { kind: "internal", when: "a change of the database's tables cannot be applied" },
});

/**
 * One step in the history of a module's tables. Versions of a module start at 1, have no gaps, and never change
 * once released; `sql` may hold several statements and runs in one transaction with all other missing steps.
 */
export type Migration = { readonly module: string; readonly version: number; readonly sql: string };

/** An open database: SQLite's synchronous interface and transactions. */
export interface Database extends Disposable {
  readonly sql: DatabaseSync;
  /** Runs `work` in a write transaction: all of its changes are kept, or, when it throws, none. May be nested. */
  transaction<T>(work: () => T): T;
  /**
   * Takes room on the disk for writes to come, in the file and in its log, so that what makes room can be recorded when
   * there is none. Does nothing where there is too little.
   */
  keepRoom(): void;
  /**
   * Runs `work`, whose commits do not wait for the disk: when the power fails they may be lost, always together with all
   * that came after them. The death of the process loses nothing. For rows that mean nothing after a power loss, and for
   * those that a later commit makes durable before anybody relies on them.
   */
  lazily<T>(work: () => T): T;
  /** Resolves when all that was committed so far, lazily as well, is on the disk; others go on meanwhile. */
  settle(): Promise<void>;
  close(): void;
}

/**
 * Opens a database, makes it if it is not there, and brings the tables of all modules up to date.
 *
 * Write-ahead log, foreign keys enforced, five seconds of patience with other writers. `synchronous` stays FULL:
 * a row that was written before an effect must be there after a power loss.
 *
 * @param path file name, or `:memory:`
 * @param migrations every step of every module that keeps tables here; a module or version on record that is not
 *   among them means that newer code wrote the file: DATABASE_NEWER, and nothing is changed
 */
export function openDatabase(path: string, migrations: readonly Migration[]): Database {
  const sql = connect(path);
  try {
    const database = wrap(sql, path);
    database.transaction(() => migrate(path, sql, migrations));
    return database;
  } catch (error) {
    sql.close();
    throw error;
  }
}

/** `node:sqlite` is loaded on the first use, because most processes that load this module open no database. */
function connect(path: string): DatabaseSync {
  const { DatabaseSync: Sqlite } = process.getBuiltinModule("node:sqlite");
  let sql: DatabaseSync | undefined;
  try {
    // What SQLite puts beside it gets the same rights. Containers' environments are in there.
    if (path !== ":memory:") closeSync(openSync(path, "a", 0o600));
    sql = new Sqlite(path, { enableForeignKeyConstraints: true, timeout: 5000 });
    sql.exec("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL");
    return sql;
  } catch (error) {
    sql?.close();
    throw fail("OPEN", `cannot open database ${path}: ${messageOf(error)}`, { cause: error });
  }
}

function wrap(sql: DatabaseSync, path: string): Database {
  let depth = 0;
  let isLazy = false;
  const close = () => sql.close();
  return {
    sql,
    close,
    keepRoom: () => keepRoom(sql),
    settle: inTurns(() => syncLog(path)),
    [Symbol.dispose]: close,
    lazily(work) {
      if (isLazy || depth > 0) return work();
      isLazy = true;
      sql.exec("PRAGMA synchronous = NORMAL");
      try {
        return work();
      } finally {
        sql.exec("PRAGMA synchronous = FULL");
        isLazy = false;
      }
    },
    transaction(work) {
      const [begin, commit, rollback] =
        depth === 0
          ? ["BEGIN IMMEDIATE", "COMMIT", "ROLLBACK"]
          : [`SAVEPOINT s${depth}`, `RELEASE s${depth}`, `ROLLBACK TO s${depth}; RELEASE s${depth}`];
      sql.exec(begin);
      depth += 1;
      try {
        const result = work();
        sql.exec(commit);
        return result;
      } catch (error) {
        // SQLite has already rolled back by itself after a full disk or an I/O error.
        if (sql.isTransaction) sql.exec(rollback);
        throw error;
      } finally {
        depth -= 1;
      }
    },
  };
}

/**
 * The log has what is not in the file yet, for which SQLite itself waits before it takes the log's place for something else.
 * Source: https://sqlite.org/wal.html#how_wal_works
 */
async function syncLog(path: string): Promise<void> {
  if (path !== ":memory:") await ifThere(syncData(`${path}-wal`));
}

/**
 * Bytes: some thousand rows. The log stays shorter, so that it begins anew within its room. Each time that it does a commit
 * waits for the disk: with 100 pages that was half of what commits took together.
 */
const ROOM = 1536 * 1024;
const LOG_PAGES = 300;

function keepRoom(sql: DatabaseSync): void {
  sql.exec(`PRAGMA wal_autocheckpoint = ${LOG_PAGES}`);
  try {
    sql.exec(`CREATE TABLE IF NOT EXISTS room (bytes BLOB); INSERT INTO room VALUES (zeroblob(${ROOM}))`);
    sql.exec("PRAGMA wal_checkpoint (FULL); DROP TABLE room; PRAGMA wal_checkpoint (FULL)");
  } catch (error) {
    if (!isFullDisk(error)) throw error;
  }
}

function migrate(path: string, sql: DatabaseSync, migrations: readonly Migration[]): void {
  sql.exec(
    "CREATE TABLE IF NOT EXISTS migrations (module TEXT, version INTEGER, PRIMARY KEY (module, version)) STRICT, WITHOUT ROWID",
  );
  const applied = new Set<string>();
  const known = new Set(migrations.map(({ module, version }) => `${module} ${version}`));
  for (const { module, version } of sql.prepare("SELECT module, version FROM migrations").all()) {
    const step = `${module} ${version}`;
    if (!known.has(step)) throw newer(path, `version ${version} of the tables of "${module}"`);
    applied.add(step);
  }
  const record = sql.prepare("INSERT INTO migrations (module, version) VALUES (?, ?)");
  for (const step of migrations.toSorted((a, b) => a.version - b.version)) {
    if (applied.has(`${step.module} ${step.version}`)) continue;
    try {
      sql.exec(step.sql);
      record.run(step.module, step.version);
    } catch (error) {
      throw fail(
        "MIGRATION",
        `cannot bring database ${path} up to date: ${step.module} ${step.version}: ${messageOf(error)}`,
        {
          cause: error,
        },
      );
    }
  }
}

function newer(path: string, what: string): TugError {
  return fail("NEWER", `cannot open database ${path}: it has ${what}, which this version does not know`, {
    hint: "install the version of tug that wrote it, or a later one",
  });
}
