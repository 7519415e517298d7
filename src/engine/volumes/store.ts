import type { Database, Migration } from "../../base/index.ts";
import { engineError } from "../errors.ts";

/** A directory that outlives containers, as it is on record. */
export type VolumeRecord = {
  readonly name: string;
  /** RFC 3339. */
  readonly createdAt: string;
  readonly labels: Readonly<Record<string, string>>;
  /** Of Docker's `local` driver. */
  readonly options: Readonly<Record<string, string>>;
  /** The name that it is getting. */
  readonly becomes?: string;
};

/** The table of the volumes. */
export const volumeMigrations: readonly Migration[] = [
  {
    module: "volumes",
    version: 1,
    sql: `
      CREATE TABLE volumes (
        name TEXT PRIMARY KEY,
        document TEXT NOT NULL,
        removing INTEGER NOT NULL DEFAULT 0
      ) STRICT;
    `,
  },
];

/** The volumes on record. A row comes before its directory and goes after it. */
export interface VolumeStore {
  add(volume: VolumeRecord): void;
  /** Adds one that is not there yet, and is removed by the next engine unless it appears. */
  addHidden(volume: VolumeRecord): void;
  appear(name: string): void;
  /** Puts another record in the place of one, under another name too. */
  replace(name: string, volume: VolumeRecord): void;
  /** By name. Those that are being removed are not there any more. */
  list(): VolumeRecord[];
  get(name: string): VolumeRecord | undefined;
  /** @throws ENGINE_VOLUME_NOT_FOUND */
  find(name: string): VolumeRecord;
  markRemoving(name: string): void;
  /** Names of those whose removal has begun. */
  removing(): string[];
  remove(name: string): void;
}

/** A store in the engine's database. */
export function volumeStore({ sql }: Database): VolumeStore {
  const insert = sql.prepare("INSERT INTO volumes (name, document) VALUES (?, ?)");
  const insertHidden = sql.prepare("INSERT INTO volumes (name, document, removing) VALUES (?, ?, 1)");
  const appear = sql.prepare("UPDATE volumes SET removing = 0 WHERE name = ?");
  const replace = sql.prepare("UPDATE volumes SET name = ?, document = ? WHERE name = ?");
  const all = sql.prepare("SELECT document FROM volumes WHERE removing = 0 ORDER BY name");
  const byName = sql.prepare("SELECT document FROM volumes WHERE name = ? AND removing = 0");
  const mark = sql.prepare("UPDATE volumes SET removing = 1 WHERE name = ?");
  const marked = sql.prepare("SELECT name FROM volumes WHERE removing = 1");
  const remove = sql.prepare("DELETE FROM volumes WHERE name = ?");
  const toRecord = (row: unknown): VolumeRecord =>
    JSON.parse((row as { document: string }).document) as VolumeRecord;
  const get = (name: string): VolumeRecord | undefined => {
    const row = byName.get(name);
    return row === undefined ? undefined : toRecord(row);
  };
  return {
    add: (volume) => void insert.run(volume.name, JSON.stringify(volume)),
    list: () => all.all().map(toRecord),
    addHidden: (volume) => void insertHidden.run(volume.name, JSON.stringify(volume)),
    appear: (name) => void appear.run(name),
    replace: (name, volume) => void replace.run(volume.name, JSON.stringify(volume), name),
    get,
    find(name) {
      const found = get(name);
      if (found !== undefined) return found;
      throw engineError("VOLUME_NOT_FOUND", `get ${name}: no such volume`, {
        hint: "list them with: tug volume ls",
        details: { volume: name },
      });
    },
    markRemoving: (name) => void mark.run(name),
    removing: () => marked.all().map((row) => (row as { name: string }).name),
    remove: (name) => void remove.run(name),
  };
}
