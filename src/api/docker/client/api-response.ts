import type { IncomingMessage } from "node:http";
import { canceled, clientError, translateFailure } from "./errors.ts";

/** The answer to a request. Its body can be read once, in one of three ways. */
export type ApiResponse = {
  readonly status: number;
  /** A header by its name in lower case; "" when there is none. */
  header(name: string): string;
  /** Media type of the body; "" when the engine did not say. */
  readonly type: string;
  /** As it comes; a connection that ends too early is CLIENT_BROKEN. */
  readonly bytes: AsyncIterable<Buffer>;
  /** All of it, within a bound. */
  text(): Promise<string>;
  discard(): void;
};

/** No JSON answer of an engine comes near: lists of thousands of containers take a few megabytes. */
const MAX_TEXT_BYTES = 256 * 1024 * 1024;

export function createApiResponse(incoming: IncomingMessage, signal: AbortSignal | undefined): ApiResponse {
  const bytes = readBytes(incoming, signal);
  return {
    status: incoming.statusCode ?? 0,
    header: (name) => String(incoming.headers[name] ?? ""),
    type: incoming.headers["content-type"] ?? "",
    bytes,
    async text() {
      const chunks: Buffer[] = [];
      let size = 0;
      for await (const chunk of bytes) {
        size += chunk.length;
        if (size > MAX_TEXT_BYTES)
          throw clientError("ANSWER", "cannot read the engine's answer: it is too large");
        chunks.push(chunk);
      }
      return Buffer.concat(chunks).toString();
    },
    discard: () => void incoming.resume(),
  };
}

async function* readBytes(
  incoming: IncomingMessage,
  signal: AbortSignal | undefined,
): AsyncGenerator<Buffer> {
  try {
    yield* incoming as AsyncIterable<Buffer>;
  } catch (error) {
    throw signal?.aborted ? canceled(signal.reason) : translateFailure(error, "");
  }
}
