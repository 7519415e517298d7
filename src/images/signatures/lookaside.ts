import { fileURLToPath } from "node:url";
import { type Digest, messageOf, splitDigest, TugError } from "../../base/index.ts";
import type { ImageSignature } from "../../signatures/index.ts";
import { imageError } from "../errors.ts";
import type { Reference } from "../reference.ts";
import { createHttpClient, type HttpClient } from "../registry/http.ts";
import type { Proxies } from "../registry/proxies.ts";
import { findLookaside, type LookasideFiles } from "./lookaside-config.ts";
import { addSignatureFiles, maxSignatureFile, readNumbered, readSignatureFiles } from "./signature-files.ts";

/** GPG signatures of images in registries. They lie somewhere else, which files of the machine name. */
export interface Lookaside {
  /** Nobody has verified them. @throws IMAGE_LOOKASIDE, IMAGE_CONFIGURATION, IMAGE_REGISTRY_CONFIG */
  list(reference: Reference, subject: Digest, signal?: AbortSignal): Promise<readonly ImageSignature[]>;
  /** Adds those that are not there yet. @throws what `list` throws, and IMAGE_LOOKASIDE where none can be put */
  add(
    reference: Reference,
    subject: Digest,
    request: { signatures: readonly ImageSignature[]; signal?: AbortSignal | undefined },
  ): Promise<void>;
}

export type LookasideOptions = {
  readonly files: LookasideFiles;
  readonly proxies?: (() => Proxies) | undefined;
};

/**
 * Signatures in directories and on web servers, as podman and skopeo have them: of a manifest `signature-1` and so on in
 * the directory `REPOSITORY@sha256=HEX`.
 *
 * Source: https://github.com/containers/image/blob/v5.36.2/docs/signature-protocols.md
 */
export function openLookaside({ files, proxies = () => ({}) }: LookasideOptions): Lookaside {
  const listAt = async (address: URL | undefined, signal?: AbortSignal): Promise<ImageSignature[]> => {
    if (address === undefined) return [];
    if (address.protocol === "file:") return await readSignatureFiles(fileURLToPath(address));
    using client = createHttpClient({ proxies: proxies() });
    return await readNumbered((number) => download(client, numbered(address, number), signal), address.host);
  };
  return {
    async list(reference, subject, signal) {
      const { read } = await findLookaside(files, reference);
      return await listAt(addressOf(read, reference, subject), signal);
    },
    async add(reference, subject, { signatures, signal }) {
      const { read, write } = await findLookaside(files, reference);
      const target = addressOf(write, reference, subject);
      if (target?.protocol !== "file:") throw unwritable(reference, target);
      // What is written stands in the place of what is read one day, and has all of it.
      const isApart = read?.href !== write?.href;
      const before = isApart ? await listAt(addressOf(read, reference, subject), signal) : [];
      await addSignatureFiles(fileURLToPath(target), [...before, ...signatures]);
    },
  };
}

/** Where the signatures of a manifest are, without the number at the end. */
function addressOf(base: URL | undefined, { path }: Reference, subject: Digest): URL | undefined {
  if (base === undefined) return undefined;
  const { algorithm, hex } = splitDigest(subject);
  const address = new URL(base);
  address.pathname = `${base.pathname.replace(/\/+$/, "")}/${path}@${algorithm}=${hex}/signature-`;
  return address;
}

function numbered(prefix: URL, number: number): URL {
  const address = new URL(prefix);
  address.pathname += String(number);
  return address;
}

/** A file of a web server, or undefined where there is none. */
async function download(
  client: HttpClient,
  url: URL,
  signal: AbortSignal | undefined,
): Promise<Uint8Array | undefined> {
  const name = url.origin + url.pathname;
  try {
    const headers = { "accept-encoding": "identity", "user-agent": "tug" };
    const { status, body } = await client.send({ method: "GET", url, headers, signal });
    if (status !== 200) body.destroy();
    if (status === 404) return undefined;
    if (status !== 200) throw unreadable(name, `the answer has status ${status}`);
    const chunks: Uint8Array[] = [];
    let size = 0;
    for await (const chunk of body as AsyncIterable<Uint8Array>) {
      size += chunk.length;
      if (size > maxSignatureFile) throw unreadable(name, `it is larger than ${maxSignatureFile} bytes`);
      chunks.push(chunk);
    }
    return new Uint8Array(Buffer.concat(chunks));
  } catch (error) {
    signal?.throwIfAborted();
    throw error instanceof TugError ? error : unreadable(name, messageOf(error), error);
  }
}

function unreadable(name: string, reason: string, cause?: unknown) {
  return imageError("LOOKASIDE", `cannot read the signature ${name}: ${reason}`, { cause });
}

function unwritable({ domain, path }: Reference, target: URL | undefined) {
  const reason = target === undefined ? "no place is known for it" : `${target.origin} can only be read`;
  return imageError("LOOKASIDE", `cannot put a GPG signature beside ${domain}/${path}: ${reason}`, {
    hint: "name a directory in registries.d: lookaside-staging: file:///DIRECTORY",
  });
}
