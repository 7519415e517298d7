import { readFile } from "node:fs/promises";
import { isAbsolute, join } from "node:path";
import { messageOf } from "../../../base/index.ts";
import { parseToml } from "../../../specs/index.ts";
import type { Reference } from "../../reference.ts";
import { isLoopback, registryHost } from "../endpoint.ts";
import { readConfig, type TableReader, tableReader, textsOf, unusable } from "./config-file.ts";
import { allCapabilities, type Capability, type Host, type TlsSettings } from "./host.ts";

/**
 * The hosts that containerd's hosts.toml in a directory names for a registry, its mirrors first; undefined where there
 * is no such file.
 *
 * Source: https://github.com/containerd/containerd/blob/v2.1.4/docs/hosts.md
 * @param isPlain whether a host is spoken to without encryption where its address does not say it
 * @throws IMAGE_REGISTRY_CONFIG, TOML_SYNTAX
 */
export async function readHostsToml(
  directory: string,
  { domain, path }: Pick<Reference, "domain" | "path">,
  isPlain: (host: string) => boolean = isLoopback,
): Promise<Host[] | undefined> {
  const file = join(directory, "hosts.toml");
  const text = await readConfig(file);
  if (text === undefined) return undefined;
  const root = tableReader(parseToml(text, file), file);
  const addressOf = (address: string, place: string) => parseAddress(address, place, isPlain);
  const upstream = addressOf(root.text("server") ?? registryHost(domain), file);
  const hosts: Host[] = [];
  for (const [address, settings] of Object.entries(root.table("host") ?? {})) {
    const place = `${file}#host."${address}"`;
    if (typeof settings !== "object" || Array.isArray(settings)) throw unusable(place, "it is not a table");
    const api = addressOf(address, place);
    const isMirror = api.host !== upstream.host;
    const host = await hostOf(tableReader(settings, place), { api, directory });
    hosts.push({ ...host, path, isMirror, namespace: isMirror ? domain : undefined });
  }
  const own = await hostOf(root, { api: upstream, directory });
  return [...hosts, { ...own, path, isMirror: upstream.host !== registryHost(domain), namespace: undefined }];
}

type Placed = { api: URL; directory: string };

async function hostOf(
  reader: TableReader,
  { api, directory }: Placed,
): Promise<Omit<Host, "path" | "isMirror" | "namespace">> {
  if (reader.flag("override_path") !== true && !api.pathname.endsWith("/v2/")) api.pathname += "v2/";
  return {
    api,
    capabilities: capabilitiesOf(reader),
    tls: await tlsOf(reader, directory),
    headers: headersOf(reader),
    connectTimeout: durationOf(reader),
  };
}

/** An address with or without a scheme; its path ends in a slash. */
function parseAddress(text: string, place: string, isPlain: (host: string) => boolean): URL {
  const scheme = isPlain(text.split("/")[0] ?? "") ? "http" : "https";
  const withScheme = /^https?:\/\//.test(text) ? text : `${scheme}://${text}`;
  if (!URL.canParse(withScheme)) throw unusable(place, `${JSON.stringify(text)} is no address`);
  const url = new URL(withScheme);
  if (!url.pathname.endsWith("/")) url.pathname += "/";
  return url;
}

function capabilitiesOf(reader: TableReader): readonly Capability[] {
  const names = reader.texts("capabilities");
  if (names === undefined) return allCapabilities;
  return names.map((name) => {
    const known = allCapabilities.find((each) => each === name);
    if (known === undefined) throw unusable(reader.place, `${JSON.stringify(name)} is no capability`);
    return known;
  });
}

async function tlsOf(reader: TableReader, directory: string): Promise<TlsSettings> {
  const load = (path: string) => readPem(isAbsolute(path) ? path : join(directory, path), reader.place);
  const ca = await Promise.all((reader.texts("ca") ?? []).map(load));
  const pair = clientOf(reader);
  const client = pair && { cert: await load(pair[0]), key: await load(pair[1]) };
  return { ca, client, verify: reader.flag("skip_verify") !== true };
}

/** One file with certificate and key, or a list of such files or of pairs; TLS takes one, the first. */
function clientOf(reader: TableReader): [cert: string, key: string] | undefined {
  const value = reader.value("client");
  if (value === undefined) return undefined;
  const first = Array.isArray(value) ? value[0] : value;
  const [cert, key] = (first === undefined ? undefined : textsOf(first)) ?? [];
  if (cert === undefined) throw unusable(reader.place, "client names no certificate");
  return [cert, key || cert];
}

export async function readPem(path: string, place: string): Promise<string> {
  try {
    return await readFile(path, "utf8");
  } catch (error) {
    throw unusable(place, messageOf(error));
  }
}

function headersOf(reader: TableReader): Record<string, string> {
  const table = reader.table("header") ?? {};
  return Object.fromEntries(
    Object.entries(table).map(([name, value]) => {
      const texts = textsOf(value);
      if (texts === undefined || !/^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/.test(name) || texts.some(hasLineEnd))
        throw unusable(reader.place, `header.${name} is no header`);
      return [name.toLowerCase(), texts.join(", ")];
    }),
  );
}

function hasLineEnd(text: string): boolean {
  return /[\r\n\0]/.test(text);
}

const units: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000 };

function durationOf(reader: TableReader): number | undefined {
  const text = reader.text("dial_timeout");
  if (text === undefined) return undefined;
  const [, number, unit = ""] = /^(\d+(?:\.\d+)?)(ms|s|m)$/.exec(text) ?? [];
  const factor = units[unit];
  if (number === undefined || factor === undefined) {
    throw unusable(reader.place, `dial_timeout ${JSON.stringify(text)} is no duration such as 3s`);
  }
  return Number(number) * factor;
}
