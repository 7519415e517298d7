import { randomUUID } from "node:crypto";
import { createMutex, type Database, type Digest, type Migration } from "../base/index.ts";

export const leaseMigrations: readonly Migration[] = [
  {
    module: "leases",
    version: 1,
    sql: `CREATE TABLE leases (
      id TEXT PRIMARY KEY,
      temporary INTEGER NOT NULL
    ) STRICT, WITHOUT ROWID;
    CREATE TABLE lease_resources (
      lease TEXT NOT NULL REFERENCES leases (id) ON DELETE CASCADE,
      kind TEXT NOT NULL CHECK (kind IN ('blob', 'manifest', 'snapshot')),
      resource TEXT NOT NULL,
      PRIMARY KEY (lease, kind, resource)
    ) STRICT, WITHOUT ROWID;
    CREATE INDEX lease_resources_resource ON lease_resources (kind, resource)`,
  },
];

/** A blob alone, a manifest with all that it refers to, or a snapshot with all that it stands on. */
export type Resource =
  | { readonly kind: "blob" | "manifest"; readonly resource: Digest }
  | { readonly kind: "snapshot"; readonly resource: string };

/** Keeps what is being made or used from the garbage collection. */
export interface Lease extends Disposable {
  /**
   * Keeps a resource from now on, whether it is there yet or not. When this resolves, a removal of it that had begun
   * is over: whether it is there can be looked up and relied on.
   */
  retain(resource: Resource): Promise<void>;
  /** Gives everything free. A temporary lease has ended with that. */
  release(): void;
}

export interface Leases {
  /** A lease for one piece of work, gone after a crash. */
  temporary(): Lease;
  /**
   * A lease that lasts until it is released, over restarts; the same id gives the same lease.
   * @param lazy its owner is on record elsewhere, and makes that durable after it has the lease and after it has none
   */
  permanent(id: string, lazy?: boolean): Lease;
  /** Everything that is leased. */
  resources(): Resource[];
  /** A blob is leased also as the manifest that it is. */
  isLeased(resource: Resource): boolean;
  /**
   * Runs a garbage collection. Leases that are released meanwhile count until its end, so that nothing that was found
   * unused at its beginning can have come into use unnoticed.
   */
  duringCollection<T>(work: () => Promise<T>): Promise<T>;
  /** Removes a resource unless it is leased; no `retain` can slip in between. */
  unlessLeased(resource: Resource, remove: () => Promise<void>): Promise<boolean>;
}

/** Opens the leases and drops the temporary ones of a process that is gone. */
export function openLeases(database: Database): Leases {
  const { sql, lazily } = database;
  sql.exec("DELETE FROM leases WHERE temporary = 1");
  const insert = sql.prepare("INSERT OR IGNORE INTO leases (id, temporary) VALUES (?, ?)");
  const erase = sql.prepare("DELETE FROM leases WHERE id = ?");
  const add = sql.prepare("INSERT OR IGNORE INTO lease_resources (lease, kind, resource) VALUES (?, ?, ?)");
  const all = sql.prepare("SELECT DISTINCT kind, resource FROM lease_resources");
  const one = sql.prepare("SELECT 1 FROM lease_resources WHERE kind = ? AND resource = ?");
  const removals = createMutex();
  const collections = createMutex();
  let released: Set<string> | undefined;

  const make = (id: string, { isTemporary, lazy }: { isTemporary: boolean; lazy: boolean }): Lease => {
    const write = (work: () => void): void => (lazy ? lazily(work) : work());
    let hasEnded = false;
    const release = () => {
      hasEnded = isTemporary;
      if (released === undefined) write(() => void erase.run(id));
      else released.add(id);
    };
    return {
      async retain({ kind, resource }) {
        // Nothing would ever release it.
        if (hasEnded) throw new Error(`a lease that has ended cannot keep ${kind} ${resource}`);
        released?.delete(id);
        write(() =>
          database.transaction(() => {
            insert.run(id, isTemporary ? 1 : 0);
            add.run(id, kind, resource);
          }),
        );
        await removals.run(async () => {});
      },
      release,
      [Symbol.dispose]: release,
    };
  };
  const isLeased = ({ kind, resource }: Resource): boolean =>
    one.get(kind, resource) !== undefined || (kind === "blob" && isLeased({ kind: "manifest", resource }));

  return {
    temporary: () => make(`temporary ${randomUUID()}`, { isTemporary: true, lazy: true }),
    permanent: (id, lazy = false) => make(id, { isTemporary: false, lazy }),
    resources: () => all.all() as Resource[],
    isLeased,
    duringCollection: (work) =>
      collections.run(async () => {
        const done = new Set<string>();
        released = done;
        try {
          return await work();
        } finally {
          released = undefined;
          for (const id of done) erase.run(id);
        }
      }),
    unlessLeased: (resource, remove) =>
      removals.run(async () => {
        if (isLeased(resource)) return false;
        await remove();
        return true;
      }),
  };
}
