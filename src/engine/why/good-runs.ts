import type { Database } from "../../base/index.ts";
import type { Timestamp } from "../model/container-view.ts";
import type { Configuration } from "./configuration.ts";

/** A run that ended well: with 0, or because somebody stopped it. */
export type GoodRun = {
  readonly container: string;
  readonly at: Timestamp;
  readonly configuration: Configuration;
};

/** The last good run under each name that somebody has given to a container. */
export interface GoodRuns {
  get(name: string): GoodRun | undefined;
  set(name: string, run: GoodRun): void;
}

/** So many names are kept, those of the latest runs. */
const KEPT = 1000;

/** The table `good_runs` of the journal (journal.ts). */
export function openGoodRuns({ sql }: Database): GoodRuns {
  const find = sql.prepare("SELECT container, at, configuration FROM good_runs WHERE name = ?");
  const put = sql.prepare("INSERT OR REPLACE INTO good_runs VALUES (?, ?, ?, ?)");
  const prune = sql.prepare(
    `DELETE FROM good_runs WHERE name IN (SELECT name FROM good_runs ORDER BY at DESC LIMIT -1 OFFSET ${KEPT})`,
  );
  return {
    get(name) {
      const row = find.get(name);
      if (row === undefined) return undefined;
      return {
        container: String(row.container),
        at: String(row.at),
        configuration: JSON.parse(String(row.configuration)) as Configuration,
      };
    },
    set(name, { container, at, configuration }) {
      put.run(name, container, at, JSON.stringify(configuration));
      prune.run();
    },
  };
}
