import type { Database, Migration } from "../../base/index.ts";
import { dockerApi } from "../../specs/index.ts";
import { engineError } from "../errors.ts";

/** What is known of a secret, without itself. */
export type SecretRecord = {
  readonly name: string;
  /** RFC 3339. */
  readonly createdAt: string;
  readonly labels: Readonly<Record<string, string>>;
  /** Bytes. */
  readonly size: number;
};

/** The table of the secrets. The database is for root's eyes alone. */
export const secretMigrations: readonly Migration[] = [
  {
    module: "secrets",
    version: 1,
    sql: `
      CREATE TABLE secrets (
        name TEXT PRIMARY KEY,
        created_at TEXT NOT NULL,
        labels TEXT NOT NULL,
        data BLOB NOT NULL
      ) STRICT;
    `,
  },
];

/** Passwords, keys and such, under names, for containers. */
export interface Secrets {
  /** By name. */
  list(): SecretRecord[];
  /** @throws ENGINE_SECRET_NOT_FOUND */
  find(name: string): SecretRecord;
  /** What is secret. @throws ENGINE_SECRET_NOT_FOUND */
  read(name: string): Uint8Array;
  /** @throws ENGINE_SECRET_INVALID, ENGINE_SECRET_NAME_TAKEN */
  add(name: string, data: Uint8Array, labels: Readonly<Record<string, string>>): SecretRecord;
  remove(name: string): void;
}

/** The secrets in the engine's database. */
export function openSecrets({ sql }: Database): Secrets {
  const columns = "name, created_at, labels, length(data) AS size";
  const all = sql.prepare(`SELECT ${columns} FROM secrets ORDER BY name`);
  const one = sql.prepare(`SELECT ${columns} FROM secrets WHERE name = ?`);
  const data = sql.prepare("SELECT data FROM secrets WHERE name = ?");
  const insert = sql.prepare("INSERT INTO secrets VALUES (?, ?, ?, ?)");
  const remove = sql.prepare("DELETE FROM secrets WHERE name = ?");
  const find = (name: string): SecretRecord => {
    const row = one.get(name);
    if (row === undefined) throw missing(name);
    return toRecord(row);
  };
  return {
    list: () => all.all().map(toRecord),
    find,
    read(name) {
      const row = data.get(name) as { data: Uint8Array } | undefined;
      if (row === undefined) throw missing(name);
      return row.data;
    },
    add(name, bytes, labels) {
      checkName(name);
      checkSize(name, bytes.length);
      if (one.get(name) !== undefined) {
        throw engineError("SECRET_NAME_TAKEN", `cannot make secret ${name}: there is one of that name`, {
          hint: "remove it first, or choose another name",
        });
      }
      insert.run(name, new Date().toISOString(), JSON.stringify(labels), bytes);
      return find(name);
    },
    remove: (name) => void remove.run(name),
  };
}

function toRecord(row: unknown): SecretRecord {
  const { name, created_at, labels, size } = row as Record<"name" | "created_at" | "labels", string> & {
    size: number;
  };
  return { name, createdAt: created_at, labels: JSON.parse(labels), size };
}

/** It becomes the name of a file. */
function checkName(name: string): void {
  if (/^[a-zA-Z0-9][a-zA-Z0-9_.-]{0,252}$/.test(name)) return;
  throw engineError("SECRET_INVALID", `cannot make secret ${JSON.stringify(name)}: that is no name for one`, {
    hint: "use letters, digits, _ . and -, and begin with a letter or a digit",
  });
}

function checkSize(name: string, size: number): void {
  if (size > 0 && size <= dockerApi.MAX_SECRET) return;
  const reason = size === 0 ? "it is empty" : `${size} bytes are more than ${dockerApi.MAX_SECRET}`;
  throw engineError("SECRET_INVALID", `cannot make secret ${name}: ${reason}`);
}

function missing(name: string): Error {
  return engineError("SECRET_NOT_FOUND", `no such secret: ${name}`, {
    hint: "list them with: tug secret ls",
    details: { secret: name },
  });
}
