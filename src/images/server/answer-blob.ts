import { drained } from "../../base/index.ts";
import { Refusal, sendEmpty, unsupportedMethod } from "./answers.ts";
import type { ExchangeAbout, RegistryParts } from "./exchange.ts";
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
  const size = await parts.repositories.blob(repository, digest);
  if (size === undefined) throw new Refusal(404, "BLOB_UNKNOWN", "there is no such blob");
  await sendBlob(parts, exchange, size);
}

async function sendBlob({ content }: RegistryParts, exchange: ExchangeAbout<"blob">, size: number) {
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
  response.writeHead(range === undefined ? 200 : 206, {
    ...headers,
    "content-length": last - first + 1,
    ...(range !== undefined && { "content-range": `bytes ${first}-${last}/${size}` }),
  });
  if (exchange.method === "HEAD" || size === 0) return void response.end();
  for await (const chunk of content.read(target.digest, { offset: first, end: last + 1, signal })) {
    if (!response.write(chunk)) await drained(response);
    if (signal.aborted) return;
  }
  response.end();
}
