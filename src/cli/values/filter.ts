import { badValue } from "./words.ts";

/** `NAME=VALUE`; the names in lower case. @throws CLI_VALUE */
export function readFilter(text: string): readonly [name: string, value: string] {
  const [, name, value] = /^\s*([^=]+?)\s*=\s*(.*?)\s*$/s.exec(text) ?? [];
  if (name === undefined || value === undefined) throw badValue("it must look like NAME=VALUE");
  return [name.toLowerCase(), value];
}

/** Filters by name; several values of one name are alternatives. */
export function toFilters(
  pairs: readonly (readonly [string, string])[],
): ReadonlyMap<string, readonly string[]> {
  const filters = new Map<string, string[]>();
  for (const [name, value] of pairs) filters.set(name, [...(filters.get(name) ?? []), value]);
  return filters;
}
