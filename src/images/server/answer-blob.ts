import { type Digest, drained } from "../../base/index.ts";
import { Refusal, sendEmpty, unsupportedMethod } from "./answers.ts";
import type { ExchangeAbout, RegistryParts } from "./exchange.ts";
import type { MirroredBlob } from "./mirror.ts";
import { readRange } from "./range.ts";
import { removeBlob } from "./remove-hosted.ts";

/** Blobs by digest: end-2 and end-10 of the specification. */
export async function answerBlob(parts: RegistryParts, exchange: ExchangeAbout<"blob">): Promise<void> {
  const { repository, digest } = exchange.target;
  if (exchange.method === "DELETE") {
    await parts.alone(repository, () => removeBlob(parts, repository, digest));
    parts.onGarbage();
    return sendEmpty(exchange.response, 202);
  }
  if (exchange.method !== "GET" && exchange.method !== "HEAD") throw unsupportedMethod(exchange.method);
  const blob = await (parts.mirror?.blob(repository, digest) ?? findBlob(parts, repository, digest));
  if (blob === undefined) throw new Refusal(404, "BLOB_UNKNOWN", "there is no such blob");
  await sendBlob(exchange, blob);
}

async function findBlob(
  { content, repositories }: RegistryParts,
  repository: string,
  digest: Digest,
): Promise<MirroredBlob | undefined> {
  const size = await repositories.blob(repository, digest);
  if (size === undefined) return undefined;
  return {
    size,
    read: ({ first, last }, signal) => content.read(digest, { offset: first, end: last + 1, signal }),
  };
}

async function sendBlob(exchange: ExchangeAbout<"blob">, { size, read }: MirroredBlob): Promise<void> {
  const { request, response, signal, target } = exchange;
  const headers = {
    "content-type": "application/octet-stream",
    "docker-content-digest": target.digest,
    "accept-ranges": "bytes",
  };
  const range = exchange.method === "HEAD" ? undefined : readRange(request.headers.range, size);
  if (range === "none") {
    throw new Refusal(416, "SIZE_INVALID", `the blob has ${size} bytes`, {
      "content-range": `bytes */${size}`,
    });
  }
  const { first, last } = range ?? { first: 0, last: size - 1 };
  const bytes = read({ first, last }, signal)[Symbol.asyncIterator]();
  // What fails before the first byte can still be told.
  let step = exchange.method === "HEAD" || size === 0 ? undefined : await bytes.next();
  response.writeHead(range === undefined ? 200 : 206, {
    ...headers,
    "content-length": last - first + 1,
    ...(range !== undefined && { "content-range": `bytes ${first}-${last}/${size}` }),
  });
  try {
    for (; step !== undefined && !step.done && !signal.aborted; step = await bytes.next()) {
      if (!response.write(step.value)) await drained(response);
    }
    response.end();
  } finally {
    await bytes.return?.();
  }
}
