import * as v from "valibot";
import { dockerApiError } from "./errors.ts";
import { mapOf, texts } from "./fields.ts";
import { parseJson } from "./parse.ts";

/** Wanted values by filter name: any value of a name may match, every name must. */
export type Filters = ReadonlyMap<string, readonly string[]>;

const schema = mapOf(v.union([texts, mapOf(v.unknown())]));

/**
 * The `filters` query parameter: `{"status":["running"]}`, or as clients still write it `{"status":{"running":true}}`.
 *
 * @param known the names that the endpoint understands
 * @throws DOCKER_API_BODY when it is not of that form or has an unknown name
 */
export function parseFilters(query: string | undefined, known: readonly string[]): Filters {
  const filters = new Map<string, readonly string[]>();
  if (query === undefined || query === "") return filters;
  for (const [name, values] of Object.entries(parseJson(schema, query, "the filters parameter"))) {
    if (!known.includes(name)) throw unknownFilter(name);
    const wanted = Array.isArray(values)
      ? values
      : Object.keys(values).filter((key) => values[key] !== false);
    if (wanted.length > 0) filters.set(name, wanted);
  }
  return filters;
}

/** The `filters` query parameter of a map, or undefined when nothing is filtered. */
export function formatFilters(filters: Filters): string | undefined {
  return filters.size === 0 ? undefined : JSON.stringify(Object.fromEntries(filters));
}

function unknownFilter(name: string) {
  return dockerApiError("QUERY", `invalid filter '${name}'`);
}
