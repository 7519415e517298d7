import { resolve } from "node:path";
import { messageOf, readSmallFile } from "../../base/index.ts";
import { parseHost, type TlsMaterial } from "../../endpoints/index.ts";
import { cliError } from "../errors.ts";
import { readCsv } from "./csv.ts";
import { badValue, readBoolean } from "./words.ts";

/** What `--docker` of `tug context create` says. */
export type Endpoint = {
  readonly host: string;
  readonly skipTlsVerify: boolean;
  readonly ca?: string;
  readonly cert?: string;
  readonly key?: string;
};

/** More than any certificate has, in bytes. */
const MAX_PEM = 256 * 1024;

/** Reads `host=ADDRESS,ca=FILE,cert=FILE,key=FILE,skip-tls-verify=true`. @throws CLI_VALUE, ENDPOINT_HOST */
export function readEndpoint(value: string): Endpoint {
  const fields = new Map<string, string>();
  for (const field of readCsv(value)) {
    const [, name = "", text = ""] = /^([^=]*)=(.*)$/s.exec(field) ?? [];
    if (!["host", "ca", "cert", "key", "skip-tls-verify"].includes(name))
      throw badValue(`"${field}" is unknown`);
    if (fields.has(name)) throw badValue(`${name} is there twice`);
    fields.set(name, text);
  }
  const host = fields.get("host");
  if (!host) throw badValue("host is missing");
  const { kind } = parseHost(host);
  const files = Object.fromEntries(["ca", "cert", "key"].flatMap((name) => pair(name, fields.get(name))));
  const skipTlsVerify = readBoolean(fields.get("skip-tls-verify") ?? "false");
  if (kind === "tcp" && !skipTlsVerify && files.ca === undefined)
    throw badValue("tcp needs ca, the certificate authority of the engine");
  if (kind !== "tcp" && (skipTlsVerify || Object.keys(files).length > 0))
    throw badValue(`certificates have no meaning with ${kind}`);
  if ((files.cert === undefined) !== (files.key === undefined)) throw badValue("cert and key go together");
  return { host, skipTlsVerify, ...files };
}

/** The files that an endpoint names. @throws CLI_FILE */
export async function readTlsFiles({ ca, cert, key }: Endpoint, cwd: string): Promise<TlsMaterial> {
  const read = async (path: string | undefined): Promise<string | undefined> => {
    if (path === undefined) return undefined;
    return readSmallFile(resolve(cwd, path), MAX_PEM).catch((error: unknown) => {
      throw cliError("FILE", `cannot read ${path}: ${messageOf(error)}`);
    });
  };
  return { ca: await read(ca), cert: await read(cert), key: await read(key) };
}

function pair(name: string, value: string | undefined): [string, string][] {
  return value ? [[name, value]] : [];
}
