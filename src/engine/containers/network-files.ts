import { readFileSync, statSync, writeFileSync } from "node:fs";
import { parseResolvConf } from "../../network/index.ts";
import type { CreateContainerRequest } from "../model/create-request.ts";
import type { ResolvedMount } from "../spec/input.ts";

/** The files that tell a container about names and addresses, on the host. */
export type NetworkFiles = { readonly hostname: string; readonly hosts: string; readonly resolvConf: string };

const LOOPBACK = [
  "127.0.0.1\tlocalhost",
  "::1\tlocalhost ip6-localhost ip6-loopback",
  "ff02::1\tip6-allnodes",
  "ff02::2\tip6-allrouters",
];

/** What a container writes below this line of its /etc/hosts is its own. */
const OWN_LINES = "# Lines below this one stay when those above are written anew.";

/** No more of a container's own lines is kept, in bytes: it can write as much as it likes. */
const MOST_OWN_LINES = 1 << 20;

/** Paths of a container's network files. */
export function networkFilePaths(directory: string): NetworkFiles {
  return {
    hostname: `${directory}/hostname`,
    hosts: `${directory}/hosts`,
    resolvConf: `${directory}/resolv.conf`,
  };
}

/** What a container's /etc/hosts says besides what all say. */
export type HostNames = {
  /** The container's own name. */
  readonly hostname: string;
  /** The container's own addresses. */
  readonly addresses: readonly string[];
  /** Further lines. */
  readonly lines: readonly string[];
};

/** What a container's networks add to its files. */
export type NetworkNames = HostNames & {
  /** Servers to ask for names; undefined: those of the host. */
  readonly servers: readonly string[] | undefined;
};

/** Writes a container's network files anew: the host's own where it shares the host's network. */
export function writeNetworkFiles(
  directory: string,
  request: CreateContainerRequest,
  names: NetworkNames,
): void {
  writeFileSync(networkFilePaths(directory).hostname, `${names.hostname}\n`, { mode: 0o644 });
  writeNames(directory, request, names);
}

/** Writes anew what connecting a container to another network changes. It sees that while it runs. */
export function writeNames(directory: string, request: CreateContainerRequest, names: NetworkNames): void {
  writeHosts(directory, request, names);
  const { resolvConf: file } = networkFilePaths(directory);
  writeFileSync(file, resolvConf(request, names.servers), { mode: 0o644 });
}

/** Writes anew what a container knows of itself and of others. It sees that while it runs; lines of its own stay. */
export function writeHosts(
  directory: string,
  { network }: CreateContainerRequest,
  { hostname, addresses, lines }: HostNames,
): void {
  const own = addresses.map((address) => `${address}\t${hostname}`);
  const extra = network.extraHosts.map(hostLine);
  const hosts = network.mode.kind === "host" ? readHostFile("/etc/hosts") : `${LOOPBACK.join("\n")}\n`;
  const file = networkFilePaths(directory).hosts;
  const text = [hosts.trimEnd(), ...extra, ...lines, ...own, OWN_LINES, ""].join("\n");
  writeFileSync(file, text + ownLines(file), { mode: 0o644 });
}

/** What a container has added to the file. */
function ownLines(file: string): string {
  const { size } = statSync(file, { throwIfNoEntry: false }) ?? { size: 0 };
  if (size === 0 || size > MOST_OWN_LINES) return "";
  const text = readFileSync(file, "utf8");
  const end = text.indexOf(`\n${OWN_LINES}\n`);
  return end < 0 ? "" : text.slice(end + OWN_LINES.length + 2);
}

/** The mounts that put the files into the container, except where the request mounts something there itself. */
export function networkFileMounts(files: NetworkFiles, taken: ReadonlySet<string>): ResolvedMount[] {
  const places = [
    ["/etc/resolv.conf", files.resolvConf],
    ["/etc/hostname", files.hostname],
    ["/etc/hosts", files.hosts],
  ] as const;
  return places
    .filter(([target]) => !taken.has(target))
    .map(([target, source]) => ({
      target,
      source,
      options: ["bind", "rprivate", "rw"],
      from: "network files",
    }));
}

/** The host's settings, as far as neither the request nor the network has others. */
function resolvConf({ network }: CreateContainerRequest, servers: readonly string[] | undefined): string {
  const text = readHostFile("/etc/resolv.conf");
  const asked = network.dns.length + network.dnsSearch.length + network.dnsOptions.length > 0;
  if (!asked && (servers === undefined || network.mode.kind === "host")) return text;
  const host = parseResolvConf(text);
  const own = servers ?? (asked ? [] : host.servers);
  const names = network.dns.length > 0 ? network.dns : own;
  const search = network.dnsSearch.length > 0 || servers === undefined ? network.dnsSearch : host.search;
  const options = network.dnsOptions.length > 0 || servers === undefined ? network.dnsOptions : host.options;
  const lines = names.map((server) => `nameserver ${server}`);
  if (search.length > 0) lines.push(`search ${search.join(" ")}`);
  if (options.length > 0) lines.push(`options ${options.join(" ")}`);
  return `${lines.join("\n")}\n`;
}

/** `NAME:ADDRESS`; the address may have colons of its own. */
function hostLine(entry: string): string {
  const colon = entry.indexOf(":");
  return `${entry.slice(colon + 1).replace(/^\[(.*)\]$/, "$1")}\t${entry.slice(0, colon)}`;
}

/** A file of the host, empty where it cannot be read. */
function readHostFile(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return "";
  }
}
