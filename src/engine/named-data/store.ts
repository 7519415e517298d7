import type { Database, Migration } from "../../base/index.ts";
import { engineError } from "../errors.ts";
import { type DataKind, dataKinds } from "./kinds.ts";

/** What is known of data under a name, without itself. */
export type DataRecord = {
  readonly name: string;
  /** RFC 3339. */
  readonly createdAt: string;
  readonly labels: Readonly<Record<string, string>>;
  /** Bytes. */
  readonly size: number;
};

/** The tables of secrets and configs. The database is for root's eyes alone. */
export const namedDataMigrations: readonly Migration[] = (["secret", "config"] as const).map((kind) => ({
  module: dataKinds[kind].table,
  version: 1,
  sql: `
      CREATE TABLE ${dataKinds[kind].table} (
        name TEXT PRIMARY KEY,
        created_at TEXT NOT NULL,
        labels TEXT NOT NULL,
        data BLOB NOT NULL
      ) STRICT;
    `,
}));

/** Data of one kind under names, for containers: passwords and keys, or files of configuration. */
export interface NamedData {
  /** By name. */
  list(): DataRecord[];
  /** @throws ENGINE_SECRET_NOT_FOUND, ENGINE_CONFIG_NOT_FOUND */
  find(name: string): DataRecord;
  /** The data itself. @throws ENGINE_SECRET_NOT_FOUND, ENGINE_CONFIG_NOT_FOUND */
  read(name: string): Uint8Array;
  /** @throws ENGINE_SECRET_INVALID, ENGINE_SECRET_NAME_TAKEN, ENGINE_CONFIG_INVALID, ENGINE_CONFIG_NAME_TAKEN */
  add(name: string, data: Uint8Array, labels: Readonly<Record<string, string>>): DataRecord;
  remove(name: string): void;
}

/** The secrets or the configs in the engine's database. */
export function openNamedData({ sql }: Database, kind: DataKind): NamedData {
  const { table, nameTaken } = dataKinds[kind];
  const columns = "name, created_at, labels, length(data) AS size";
  const all = sql.prepare(`SELECT ${columns} FROM ${table} ORDER BY name`);
  const one = sql.prepare(`SELECT ${columns} FROM ${table} WHERE name = ?`);
  const data = sql.prepare(`SELECT data FROM ${table} WHERE name = ?`);
  const insert = sql.prepare(`INSERT INTO ${table} VALUES (?, ?, ?, ?)`);
  const remove = sql.prepare(`DELETE FROM ${table} WHERE name = ?`);
  const find = (name: string): DataRecord => {
    const row = one.get(name);
    if (row === undefined) throw missing(kind, name);
    return toRecord(row);
  };
  return {
    list: () => all.all().map(toRecord),
    find,
    read(name) {
      const row = data.get(name) as { data: Uint8Array } | undefined;
      if (row === undefined) throw missing(kind, name);
      return row.data;
    },
    add(name, bytes, labels) {
      checkName(kind, name);
      checkSize(kind, name, bytes.length);
      if (one.get(name) !== undefined) {
        throw engineError(nameTaken, `cannot make ${kind} ${name}: there is one of that name`, {
          hint: "remove it first, or choose another name",
        });
      }
      insert.run(name, new Date().toISOString(), JSON.stringify(labels), bytes);
      return find(name);
    },
    remove: (name) => void remove.run(name),
  };
}

function toRecord(row: unknown): DataRecord {
  const { name, created_at, labels, size } = row as Record<"name" | "created_at" | "labels", string> & {
    size: number;
  };
  return { name, createdAt: created_at, labels: JSON.parse(labels), size };
}

/** It becomes the name of a file. */
function checkName(kind: DataKind, name: string): void {
  if (/^[a-zA-Z0-9][a-zA-Z0-9_.-]{0,252}$/.test(name)) return;
  const sentence = `cannot make ${kind} ${JSON.stringify(name)}: that is no name for one`;
  throw engineError(dataKinds[kind].invalid, sentence, {
    hint: "use letters, digits, _ . and -, and begin with a letter or a digit",
  });
}

function checkSize(kind: DataKind, name: string, size: number): void {
  const { most, invalid } = dataKinds[kind];
  if (size > 0 && size <= most) return;
  const reason = size === 0 ? "it is empty" : `${size} bytes are more than ${most}`;
  throw engineError(invalid, `cannot make ${kind} ${name}: ${reason}`);
}

function missing(kind: DataKind, name: string): Error {
  return engineError(dataKinds[kind].notFound, `no such ${kind}: ${name}`, {
    hint: `list them with: tug ${kind} ls`,
    details: { [kind]: name },
  });
}
