import { dockerApi } from "../../specs/index.ts";
import { doorError } from "./errors.ts";
import { matchesLabel } from "./filters.ts";
import type { Query } from "./query.ts";

/** What pruning can be narrowed down by. */
export type Prunable = {
  /** RFC 3339; unknown counts as long ago. */
  readonly createdAt?: string | undefined;
  readonly labels: Readonly<Record<string, string>>;
};

const names = ["label", "label!", "until"];

/**
 * What a request to prune is about: what is older than `until`, has every `label` and none of `label!`.
 * Source: swagger.yaml, operation `ContainerPrune`
 *
 * @param more names of further filters, which are the caller's
 * @throws DOCKER_QUERY, DOCKER_API_FILTERS
 */
export function readPruneFilter(
  query: Query,
  more: readonly string[] = [],
): { readonly filters: dockerApi.Filters; readonly fits: (thing: Prunable) => boolean } {
  const filters = dockerApi.parseFilters(query.text("filters"), [...names, ...more]);
  const now = Date.now();
  const untils = (filters.get("until") ?? []).map((text) => momentOf(text, now));
  const labels = filters.get("label") ?? [];
  const others = filters.get("label!") ?? [];
  return {
    filters,
    fits: ({ createdAt, labels: own }) => {
      const created = createdAt === undefined ? 0 : Date.parse(createdAt);
      const has = (label: string): boolean => matchesLabel(own, label);
      return untils.every((until) => created < until) && labels.every(has) && !others.some(has);
    },
  };
}

const seconds: Readonly<Record<string, number>> = { h: 3600, m: 60, s: 1 };

/** A moment, seconds since 1970, or a time before now such as 24h or 1h30m; in milliseconds. */
function momentOf(text: string, now: number): number {
  if (/^\d+(\.\d+)?$/.test(text)) return Number(text) * 1000;
  if (/^(\d+(\.\d+)?[hms])+$/.test(text)) {
    const parts = text.matchAll(/(\d+(?:\.\d+)?)([hms])/g);
    const past = [...parts].reduce(
      (sum, [, number, unit = "s"]) => sum + Number(number) * (seconds[unit] ?? 1),
      0,
    );
    return now - past * 1000;
  }
  const moment = Date.parse(text);
  if (!Number.isNaN(moment)) return moment;
  throw doorError("QUERY", `invalid until filter: "${text}" is no moment and no time such as 24h`);
}
