import type { Database, Migration } from "../../base/index.ts";
import { engineError } from "../errors.ts";

/** A socket for clients that may not do everything. What it lets them do is the matter of the door behind it. */
export type SocketRecord = {
  readonly name: string;
  /** RFC 3339. */
  readonly createdAt: string;
  /** JSON of the door's own. */
  readonly policy: string;
  readonly uid: number;
  readonly gid: number;
  /** Permission bits. */
  readonly mode: number;
};

/** The table of the sockets, which come back with the next engine. */
export const socketMigrations: readonly Migration[] = [
  {
    module: "sockets",
    version: 1,
    sql: `
      CREATE TABLE sockets (
        name TEXT PRIMARY KEY,
        created_at TEXT NOT NULL,
        policy TEXT NOT NULL,
        uid INTEGER NOT NULL,
        gid INTEGER NOT NULL,
        mode INTEGER NOT NULL
      ) STRICT;
    `,
  },
];

/** The scoped sockets on record. */
export interface SocketStore {
  /** By name. */
  list(): SocketRecord[];
  /** @throws ENGINE_SOCKET_NOT_FOUND */
  find(name: string): SocketRecord;
  /** @throws ENGINE_SOCKET_NAME_TAKEN */
  add(socket: Omit<SocketRecord, "createdAt">): SocketRecord;
  remove(name: string): void;
}

/** The sockets in the engine's database. */
export function openSockets({ sql }: Database): SocketStore {
  const columns = "name, created_at AS createdAt, policy, uid, gid, mode";
  const all = sql.prepare(`SELECT ${columns} FROM sockets ORDER BY name`);
  const one = sql.prepare(`SELECT ${columns} FROM sockets WHERE name = ?`);
  const insert = sql.prepare("INSERT INTO sockets VALUES (?, ?, ?, ?, ?, ?)");
  const remove = sql.prepare("DELETE FROM sockets WHERE name = ?");
  const find = (name: string): SocketRecord => {
    const row = one.get(name);
    if (row !== undefined) return { ...row } as SocketRecord;
    throw engineError("SOCKET_NOT_FOUND", `no such socket: ${name}`, {
      hint: "list them with: tug system socket ls",
    });
  };
  return {
    list: () => all.all().map((row) => ({ ...row }) as SocketRecord),
    find,
    add({ name, policy, uid, gid, mode }) {
      if (one.get(name) !== undefined) {
        throw engineError("SOCKET_NAME_TAKEN", `cannot make socket ${name}: there is one of that name`, {
          hint: "remove it first, or choose another name",
        });
      }
      insert.run(name, new Date().toISOString(), policy, uid, gid, mode);
      return find(name);
    },
    remove: (name) => void remove.run(name),
  };
}
