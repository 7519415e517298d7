import type { HttpResponse } from "./http.ts";
import { type Purpose, protocolFailure, transportFailure } from "./registry-error.ts";
import type { Repository } from "./repository.ts";
import type { Requester } from "./requester.ts";
import { type Delay, waitBefore } from "./retry.ts";

export type BlobReaderOptions = { requester: Requester; base: URL; purpose: Purpose; delay: Delay };

/** So much progress earns a broken download a new set of attempts, in bytes. */
const progress = 1024 * 1024;

/** The half of a `Repository` that reads blobs. */
export function createBlobReader(options: BlobReaderOptions): Repository["blob"] {
  return async function* blob({ digest, size }, { offset = 0, signal } = {}) {
    let position = offset;
    let attempt = 0;
    let safe = offset;
    while (size === undefined || position < size || position === 0) {
      try {
        const url = new URL(`blobs/${digest}`, options.base);
        for await (const chunk of await openBody(options, { url, position, signal })) {
          position += chunk.length;
          yield chunk;
        }
        if (size === undefined || position >= size) return;
        throw truncated(size - position);
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

type Where = { url: URL; position: number; signal: AbortSignal | undefined };

/** The rest of the blob from a position, also from a server that knows no ranges and sends all of it. */
function openBody(
  { requester, purpose }: BlobReaderOptions,
  { url, position, signal }: Where,
): Promise<AsyncIterable<Uint8Array>> {
  if (position === 0) return requester({ method: "GET", url, accept: [200], signal }, ({ body }) => body);
  const headers = { range: `bytes=${position}-` };
  return requester({ method: "GET", url, headers, accept: [200, 206], signal }, (response) => {
    if (response.status === 200) return skip(response.body, position);
    if (startsAt(response, position)) return response.body;
    response.body.destroy();
    throw protocolFailure(purpose, "it answered with another range than asked for");
  });
}

function startsAt(response: HttpResponse, position: number): boolean {
  return new RegExp(`^bytes ${position}-`).test(response.header("content-range") ?? "");
}

async function* skip(source: AsyncIterable<Uint8Array>, count: number): AsyncGenerator<Uint8Array> {
  let left = count;
  for await (const chunk of source) {
    if (left < chunk.length) yield chunk.subarray(left);
    left = Math.max(left - chunk.length, 0);
  }
}

function truncated(missing: number): Error {
  return Object.assign(new Error(`the connection ended ${missing} bytes early`), { code: "ECONNRESET" });
}
