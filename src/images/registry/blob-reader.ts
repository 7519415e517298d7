import { freeBytes } from "../../base/index.ts";
import { imageError } from "../errors.ts";
import { skipBytes } from "../skip-bytes.ts";
import type { HttpResponse } from "./http.ts";
import { type Purpose, protocolFailure, transportFailure } from "./registry-error.ts";
import type { Repository } from "./repository.ts";
import type { Requester } from "./requester.ts";
import { type Delay, waitBefore } from "./retry.ts";

export type BlobReaderOptions = {
  requester: Requester;
  /** Address of the repository, ending in a slash. */
  base: URL;
  purpose: Purpose;
  delay: Delay;
  /** The registry that a mirror should think of. */
  namespace?: string | undefined;
};

/** So much progress earns a broken download a new set of attempts, in bytes. */
const progress = 1024 * 1024;

/** The half of a `Repository` that reads blobs. */
export function createBlobReader(options: BlobReaderOptions): Repository["blob"] {
  return async function* blob({ digest, size }, { offset = 0, signal, brief = false } = {}) {
    let position = offset;
    let attempt = 0;
    let safe = offset;
    while (size === undefined || position < size || position === 0) {
      try {
        const url = new URL(`blobs/${digest}`, options.base);
        if (options.namespace !== undefined) url.searchParams.set("ns", options.namespace);
        for await (const chunk of await openBody(options, { url, position, size, signal })) {
          position += chunk.length;
          yield chunk;
          if (brief) freeBytes(chunk);
        }
        // A connection that breaks is an error: here the server has said that this is all.
        if (size === undefined || position >= size) return;
        throw wrongSize(options.purpose, url, { size, total: position });
      } catch (error) {
        signal?.throwIfAborted();
        if (position - safe >= progress) attempt = 0;
        safe = position;
        attempt += 1;
        const wait = waitBefore(attempt, { error });
        if (wait === undefined) throw transportFailure(options.purpose, error);
        await options.delay(wait, signal);
      }
    }
  };
}

type Where = { url: URL; position: number; size: number | undefined; signal: AbortSignal | undefined };

/** The rest of the blob from a position, also from a server that knows no ranges and sends all of it. */
function openBody(
  { requester, purpose }: BlobReaderOptions,
  { url, position, size, signal }: Where,
): Promise<AsyncIterable<Uint8Array>> {
  const headers: Record<string, string> = position === 0 ? {} : { range: `bytes=${position}-` };
  const accept = position === 0 ? [200] : [200, 206];
  return requester({ method: "GET", url, headers, accept, signal }, (response) => {
    const found = rangeOf(response);
    if (found.start !== 0 && found.start !== position) {
      response.body.destroy();
      throw protocolFailure(purpose, "it answered with another range than asked for");
    }
    if (size !== undefined && found.total !== undefined && found.total !== size) {
      response.body.destroy();
      throw wrongSize(purpose, url, { size, total: found.total });
    }
    return found.start === position ? response.body : skipBytes(response.body, position);
  });
}

/** Where an answer begins in the blob, -1 if it does not say so, and the size of the blob if it is told. */
function rangeOf({ status, header }: HttpResponse): { start: number; total: number | undefined } {
  if (status === 200) {
    const length = header("content-length");
    return { start: 0, total: length === undefined ? undefined : Number(length) };
  }
  const match = /^bytes (\d+)-\d+\/(\d+|\*)$/.exec(header("content-range") ?? "");
  const total = match?.[2] === "*" ? Number.NaN : Number(match?.[2]);
  return { start: Number(match?.[1] ?? -1), total: Number.isNaN(total) ? undefined : total };
}

function wrongSize(purpose: Purpose, url: URL, { size, total }: { size: number; total: number }) {
  const digest = url.pathname.slice(url.pathname.lastIndexOf("/") + 1);
  return imageError(
    "CONTENT_SIZE",
    `cannot ${purpose.verb} ${purpose.object}: registry ${purpose.registry} has ${total} bytes for blob ${digest}, not ${size}`,
    { details: { reference: purpose.object, registry: purpose.registry } },
  );
}
