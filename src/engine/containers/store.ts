import type { Database, Migration } from "../../base/index.ts";
import { engineError } from "../errors.ts";
import type { ContainerRecord, RecordedState } from "./record.ts";

/** Tables of the containers. */
export const containerMigrations: readonly Migration[] = [
  {
    module: "containers",
    version: 1,
    sql: `
      CREATE TABLE containers (
        id TEXT PRIMARY KEY,
        name TEXT NOT NULL UNIQUE,
        created_at TEXT NOT NULL,
        request TEXT NOT NULL,
        image TEXT NOT NULL,
        anonymous_volumes TEXT NOT NULL,
        state TEXT NOT NULL
      ) STRICT;
      CREATE INDEX containers_created ON containers (created_at);
    `,
  },
];

/** The containers on record. */
export interface ContainerStore {
  /** @throws ENGINE_CONTAINER_NAME_TAKEN */
  add(record: ContainerRecord): void;
  /** Newest first. */
  list(): ContainerRecord[];
  /**
   * Finds by full id, name, or an unambiguous beginning of an id, in that order.
   *
   * @throws ENGINE_CONTAINER_NOT_FOUND, ENGINE_CONTAINER_AMBIGUOUS
   */
  find(reference: string): ContainerRecord;
  get(id: string): ContainerRecord | undefined;
  setState(id: string, state: RecordedState): void;
  setRequest(id: string, request: ContainerRecord["request"]): void;
  /** @throws ENGINE_CONTAINER_NAME_TAKEN */
  rename(id: string, name: string): void;
  remove(id: string): void;
}

type Row = {
  id: string;
  name: string;
  created_at: string;
  request: string;
  image: string;
  anonymous_volumes: string;
  state: string;
};

/** A store in the engine's database. */
export function containerStore({ sql }: Database): ContainerStore {
  const insert = sql.prepare("INSERT INTO containers VALUES (?, ?, ?, ?, ?, ?, ?)");
  const all = sql.prepare("SELECT * FROM containers ORDER BY created_at DESC, rowid DESC");
  const byId = sql.prepare("SELECT * FROM containers WHERE id = ?");
  const byName = sql.prepare("SELECT * FROM containers WHERE name = ?");
  const byPrefix = sql.prepare("SELECT * FROM containers WHERE id >= ? AND id < ? LIMIT 2");
  const setState = sql.prepare("UPDATE containers SET state = ? WHERE id = ?");
  const setRequest = sql.prepare("UPDATE containers SET request = ? WHERE id = ?");
  const setName = sql.prepare("UPDATE containers SET name = ? WHERE id = ?");
  const remove = sql.prepare("DELETE FROM containers WHERE id = ?");
  const one = (row: unknown): ContainerRecord | undefined =>
    row === undefined ? undefined : toRecord(row as Row);
  const checkFree = (name: string): void => {
    const holder = one(byName.get(name));
    if (holder === undefined) return;
    throw engineError(
      "CONTAINER_NAME_TAKEN",
      `the container name ${name} is already in use by container ${holder.id}`,
      {
        hint: "remove or rename that container, or choose another name",
        details: { containerName: name, usedBy: holder.id },
      },
    );
  };
  return {
    add({ id, name, createdAt, ...documents }) {
      checkFree(name);
      const { request, image, anonymousVolumes, state } = documents;
      insert.run(
        id,
        name,
        createdAt,
        ...[request, image, anonymousVolumes, state].map((value) => JSON.stringify(value)),
      );
    },
    list: () => all.all().map((row) => toRecord(row as Row)),
    get: (id) => one(byId.get(id)),
    find(reference) {
      const exact = one(byId.get(reference)) ?? one(byName.get(reference.replace(/^\//, "")));
      if (exact !== undefined) return exact;
      const matches = /^[0-9a-f]{1,63}$/.test(reference) ? byPrefix.all(reference, `${reference}g`) : [];
      if (matches.length === 1) return toRecord(matches[0] as Row);
      const details = { container: reference };
      throw matches.length > 1
        ? engineError("CONTAINER_AMBIGUOUS", `multiple containers found with id beginning ${reference}`, {
            details,
          })
        : engineError("CONTAINER_NOT_FOUND", `no such container: ${reference}`, {
            details,
            hint: "list them with: tug ps -a",
          });
    },
    setState: (id, state) => void setState.run(JSON.stringify(state), id),
    setRequest: (id, request) => void setRequest.run(JSON.stringify(request), id),
    rename(id, name) {
      checkFree(name);
      setName.run(name, id);
    },
    remove: (id) => void remove.run(id),
  };
}

function toRecord(row: Row): ContainerRecord {
  return {
    id: row.id,
    name: row.name,
    createdAt: row.created_at,
    request: JSON.parse(row.request) as ContainerRecord["request"],
    image: JSON.parse(row.image) as ContainerRecord["image"],
    anonymousVolumes: JSON.parse(row.anonymous_volumes) as string[],
    state: JSON.parse(row.state) as RecordedState,
  };
}
