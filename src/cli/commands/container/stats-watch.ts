import type { Client } from "../../../api/docker/client/index.ts";
import { TugError } from "../../../base/index.ts";
import { dockerApi } from "../../../specs/index.ts";
import type { StatsRow } from "./stats-columns.ts";

/** Rows that change by themselves, one per watched container, in the order they were added. */
export type StatsWatch = {
  /** Begins to watch a container; one that is watched already stays as it is. */
  add(container: string, id: string, name: string): void;
  /** The containers that still exist. */
  rows(): StatsRow[];
  /** Rejected when the engine is lost. */
  readonly failed: Promise<never>;
};

/**
 * Watches what containers use until the signal.
 *
 * @param options.onlyRunning forget containers that have ended
 */
export function watchStats(
  client: Client,
  { onlyRunning, signal }: { readonly onlyRunning: boolean; readonly signal: AbortSignal },
): StatsWatch {
  const rows = new Map<string, StatsRow>();
  const failed = Promise.withResolvers<never>();
  failed.promise.catch(() => undefined);
  const watch = async (row: StatsRow): Promise<void> => {
    for await (const stats of client.containers.stats(row.id, { signal })) {
      if (onlyRunning && stats.read === dockerApi.NEVER) return;
      rows.set(row.id, { ...row, name: stats.name.replace(/^\//, ""), stats });
    }
  };
  return {
    failed: failed.promise,
    rows: () => [...rows.values()],
    add(container, id, name) {
      if (rows.has(id)) return;
      const row: StatsRow = { container, id, name, stats: undefined };
      rows.set(id, row);
      watch(row).then(
        () => rows.delete(id),
        (error: unknown) => {
          rows.delete(id);
          // It was removed while it was looked at.
          if (!(error instanceof TugError && error.kind === "notFound")) failed.reject(error);
        },
      );
    },
  };
}
