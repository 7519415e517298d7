import { isIP } from "node:net";

/** What the host's resolv.conf says. Source: resolv.conf(5) */
export type ResolverSettings = {
  readonly servers: readonly string[];
  readonly search: readonly string[];
  readonly options: readonly string[];
};

/** Reads resolv.conf; lines that cannot be read are passed over, as resolvers do. Of several search lines the last counts. */
export function parseResolvConf(text: string): ResolverSettings {
  const servers: string[] = [];
  let search: string[] = [];
  const options: string[] = [];
  for (const line of text.split("\n")) {
    const [keyword = "", ...values] = line
      .replace(/[#;].*$/, "")
      .trim()
      .split(/\s+/);
    if (keyword === "nameserver" && isIP(values[0]?.split("%")[0] ?? "") !== 0) servers.push(values[0] ?? "");
    if (keyword === "search" || keyword === "domain") search = values;
    if (keyword === "options") options.push(...values);
  }
  return { servers, search, options };
}
