import type { Database } from "../../base/index.ts";
import type { Health } from "./state.ts";

/** The health of containers on record, by id. */
export interface HealthTable {
  get(id: string): Health | undefined;
  set(id: string, health: Health): void;
  remove(id: string): void;
}

/** The table `health` of the journal (journal.ts), with what is in it at hand. */
export function openHealthTable({ sql }: Database): HealthTable {
  const put = sql.prepare("INSERT OR REPLACE INTO health VALUES (?, ?)");
  const remove = sql.prepare("DELETE FROM health WHERE container = ?");
  const known = new Map<string, Health>(
    sql
      .prepare("SELECT container, health FROM health")
      .all()
      .map(({ container, health }) => [String(container), JSON.parse(String(health)) as Health]),
  );
  return {
    get: (id) => known.get(id),
    set(id, health) {
      known.set(id, health);
      put.run(id, JSON.stringify(health));
    },
    remove(id) {
      if (known.delete(id)) remove.run(id);
    },
  };
}
