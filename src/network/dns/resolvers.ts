import { isIP } from "node:net";

/** What the host's resolv.conf says. Source: resolv.conf(5) */
export type ResolverSettings = {
  readonly servers: readonly string[];
  readonly search: readonly string[];
  readonly options: readonly string[];
};

/** The servers that can be asked from another network namespace: those that are not on the machine's loopback. */
export function reachableServers(servers: readonly string[]): string[] {
  return servers.filter((server) => !/^(127\.|::1(%|$))/.test(server));
}

/** Whether somebody has to ask the servers on behalf of another network namespace: none of them can be reached from there. */
export function needsForwarder(servers: readonly string[]): boolean {
  return servers.length > 0 && reachableServers(servers).length === 0;
}

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
