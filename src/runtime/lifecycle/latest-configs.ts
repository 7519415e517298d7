import { type ParsedSpec, parseSpec, type Spec } from "../../specs/oci-runtime/index.ts";

/** What a configuration's file holds. */
type Data = string | Buffer;

/**
 * A parser that keeps what it has parsed last, by path: whoever runs something in a container or of a bundle does it again.
 * What has changed meanwhile is parsed anew.
 *
 * @param most so many configurations are kept
 * @returns parses what is at a path, which errors call by another name where one is given
 */
export function latestConfigs(most: number): (data: Data, path: string, name?: string) => ParsedSpec<Spec> {
  const latest = new Map<string, { readonly data: Data; readonly parsed: ParsedSpec<Spec> }>();
  return (data, path, name = path) => {
    const known = latest.get(path);
    const parsed = known !== undefined && isSame(known.data, data) ? known.parsed : parseSpec(data, name);
    latest.delete(path);
    latest.set(path, { data, parsed });
    const [oldest] = latest.keys();
    if (latest.size > most && oldest !== undefined) latest.delete(oldest);
    return parsed;
  };
}

function isSame(one: Data, other: Data): boolean {
  return typeof one === "string" || typeof other === "string" ? one === other : one.equals(other);
}
