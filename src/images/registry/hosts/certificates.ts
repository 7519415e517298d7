import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { errnoOf } from "../../../base/index.ts";
import type { TlsSettings } from "./host.ts";
import { readPem } from "./hosts-toml.ts";

/**
 * The certificates in a directory as Docker and podman have them for a registry: `*.crt` are authorities, `NAME.cert`
 * with `NAME.key` is the client's own. Undefined where there are none.
 *
 * Source: https://docs.docker.com/engine/security/certificates/, and containers-certs.d(5)
 * @throws IMAGE_REGISTRY_CONFIG for a file that cannot be read
 */
export async function readCertificates(directory: string): Promise<TlsSettings | undefined> {
  const names = await namesIn(directory);
  const load = (name: string) => readPem(join(directory, name), directory);
  const ca = await Promise.all(names.filter((name) => name.endsWith(".crt")).map(load));
  const cert = names.find((name) => name.endsWith(".cert") && names.includes(keyOf(name)));
  const client = cert === undefined ? undefined : { cert: await load(cert), key: await load(keyOf(cert)) };
  return ca.length === 0 && client === undefined ? undefined : { ca, client, verify: true };
}

function keyOf(certificate: string): string {
  return certificate.replace(/\.cert$/, ".key");
}

async function namesIn(directory: string): Promise<string[]> {
  try {
    return (await readdir(directory)).toSorted();
  } catch (error) {
    if (["ENOENT", "ENOTDIR"].includes(errnoOf(error) ?? "")) return [];
    throw error;
  }
}
