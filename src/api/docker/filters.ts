import type { dockerApi } from "../../specs/index.ts";

/**
 * Whether a thing fits the filters of a request. It must fit one value of each name; of labels it must have all.
 * Source: https://github.com/moby/moby/blob/v28.0.0/api/types/filters/parse.go, `MatchKVList` and `ExactMatch`
 */
export function fitsFilters(
  filters: dockerApi.Filters,
  fits: (name: string, value: string) => boolean,
): boolean {
  return [...filters].every(([name, values]) =>
    name === "label" ? values.every((value) => fits(name, value)) : values.some((value) => fits(name, value)),
  );
}

/** Whether labels have `KEY`, or `KEY=VALUE` exactly. */
export function matchesLabel(labels: Readonly<Record<string, string>>, wanted: string): boolean {
  const [key = "", value] = wanted.split(/=(.*)/s);
  if (!Object.hasOwn(labels, key)) return false;
  return value === undefined || labels[key] === value;
}
