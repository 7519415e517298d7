import type { Database, Migration } from "../../base/index.ts";
import { engineError } from "../errors.ts";
import { type DocumentReader, documentReader } from "./documents.ts";
import { type ContainerRecord, lifetimeOf, type RecordedState } from "./record.ts";

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
  // Few containers have links, and every start asks which.
  {
    module: "containers",
    version: 2,
    sql: `CREATE INDEX containers_linked ON containers (id) WHERE instr(request, '"links":[{') > 0`,
  },
  // The same for those that lie in others.
  {
    module: "containers",
    version: 3,
    sql: `CREATE INDEX containers_inside ON containers (id) WHERE instr(request, '"tug.parent":"') > 0`,
  },
];

/** The containers on record. */
export interface ContainerStore {
  /** @throws ENGINE_CONTAINER_NAME_TAKEN */
  add(record: ContainerRecord): void;
  /** Newest first. */
  list(): ContainerRecord[];
  /** Those whose requests have links to others. */
  listLinked(): ContainerRecord[];
  /** Those whose requests have the label of one that they lie in. */
  listInside(): ContainerRecord[];
  /** Those that are found by nobody any more and are not removed yet. */
  listGone(): ContainerRecord[];
  /**
   * Finds by full id, name, or an unambiguous beginning of an id, in that order.
   *
   * @throws ENGINE_CONTAINER_NOT_FOUND, ENGINE_CONTAINER_AMBIGUOUS
   */
  find(reference: string): ContainerRecord;
  get(id: string): ContainerRecord | undefined;
  hasName(name: string): boolean;
  /** @param lazy a power loss may take it back: see `Database.lazily` */
  setState(id: string, state: RecordedState, lazy?: boolean): void;
  /**
   * Resolves when what was recorded of a container is on the disk, at once for one that a power loss ends for good. Others
   * go on meanwhile, and all who wait share one wait.
   */
  settle(id: string): Promise<void>;
  setRequest(id: string, request: ContainerRecord["request"]): void;
  /** @throws ENGINE_CONTAINER_NAME_TAKEN */
  rename(id: string, name: string): void;
  /** Takes a container away from everybody's sight, and its name with it. */
  hide(record: ContainerRecord, state: RecordedState): void;
  remove(id: string): void;
}

type Row = { id: string; name: string; created_at: string; state: string };

/** A store in the engine's database. */
export function containerStore(database: Database): ContainerStore {
  const { sql, lazily } = database;
  const documents = documentReader(database);
  const select = (rest: string) => sql.prepare(`SELECT id, name, created_at, state FROM containers ${rest}`);
  const insert = sql.prepare("INSERT INTO containers VALUES (?, ?, ?, ?, ?, ?, ?)");
  const all = select("ORDER BY created_at DESC, rowid DESC");
  // In the words of the index.
  const linked = select(`WHERE instr(request, '"links":[{') > 0`);
  const inside = select(`WHERE instr(request, '"tug.parent":"') > 0`);
  const byId = select("WHERE id = ?");
  const byName = select("WHERE name = ?");
  const byPrefix = select("WHERE id >= ? AND id < ? LIMIT 2");
  const setState = sql.prepare("UPDATE containers SET state = ? WHERE id = ?");
  const setRequest = sql.prepare("UPDATE containers SET request = ? WHERE id = ?");
  const setName = sql.prepare("UPDATE containers SET name = ? WHERE id = ?");
  const hide = sql.prepare("UPDATE containers SET state = ?, name = id WHERE id = ?");
  const remove = sql.prepare("DELETE FROM containers WHERE id = ?");
  const one = (row: unknown): ContainerRecord | undefined =>
    row === undefined ? undefined : toRecord(row as Row, documents);
  const seen = (row: unknown): ContainerRecord | undefined => {
    const record = one(row);
    return record?.state.gone === undefined ? record : undefined;
  };
  const every = (rows = all): ContainerRecord[] => rows.all().map((row) => toRecord(row as Row, documents));
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
  // Those that a power loss ends for good: the next engine removes what is left of them.
  const ephemeral = new Set<string>();
  const write = (id: string, lazy: boolean, work: () => unknown): void =>
    void (lazy || ephemeral.has(id) ? lazily(work) : work());
  return {
    add(record) {
      const { id, name, createdAt, request, image, anonymousVolumes, state } = record;
      checkFree(name);
      if (lifetimeOf(record).ephemeral) ephemeral.add(id);
      const texts = [request, image, anonymousVolumes, state].map((value) => JSON.stringify(value));
      // What is being made means nothing until it is there, which is said durably; only volumes are not found again.
      write(id, anonymousVolumes.length === 0, () => insert.run(id, name, createdAt, ...texts));
    },
    list: () => every().filter(({ state }) => state.gone === undefined),
    listLinked: () => every(linked).filter(({ state }) => state.gone === undefined),
    listInside: () => every(inside).filter(({ state }) => state.gone === undefined),
    listGone: () => every().filter(({ state }) => state.gone !== undefined),
    get: (id) => one(byId.get(id)),
    find(reference) {
      const exact = seen(byId.get(reference)) ?? seen(byName.get(reference.replace(/^\//, "")));
      if (exact !== undefined) return exact;
      const matches = /^[0-9a-f]{1,63}$/.test(reference) ? byPrefix.all(reference, `${reference}g`) : [];
      const [only] = matches.length === 1 ? [seen(matches[0])] : [];
      if (only !== undefined) return only;
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
    hasName: (name) => byName.get(name) !== undefined,
    setState: (id, state, lazy = false) => write(id, lazy, () => setState.run(JSON.stringify(state), id)),
    settle: async (id) => (ephemeral.has(id) ? undefined : await database.settle()),
    setRequest(id, request) {
      setRequest.run(JSON.stringify(request), id);
      documents.forget(id);
    },
    rename(id, name) {
      checkFree(name);
      setName.run(name, id);
    },
    hide({ id, name }, state) {
      const hidden: RecordedState = { ...state, gone: name };
      write(id, false, () => hide.run(JSON.stringify(hidden), id));
    },
    remove(id) {
      // One that comes back by a power loss is on record as being removed, and is removed again.
      lazily(() => remove.run(id));
      documents.forget(id);
      ephemeral.delete(id);
    },
  };
}

function toRecord({ id, name, ...row }: Row, documents: DocumentReader): ContainerRecord {
  const state = JSON.parse(row.state) as RecordedState;
  const { request, image, anonymousVolumes } = documents.read(id);
  return { id, name: state.gone ?? name, createdAt: row.created_at, request, image, anonymousVolumes, state };
}
