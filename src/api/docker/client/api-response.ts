import type { IncomingMessage } from "node:http";
import type { AnswerHead } from "../../../specs/docker-api/index.ts";
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

/** An answer that comes over HTTP. */
export function httpResponse(incoming: IncomingMessage, signal: AbortSignal | undefined): ApiResponse {
  const bytes = readBytes(incoming, signal);
  return {
    status: incoming.statusCode ?? 0,
    header: (name) => String(incoming.headers[name] ?? ""),
    type: incoming.headers["content-type"] ?? "",
    bytes,
    text: () => readText(bytes),
    discard: () => void incoming.resume(),
  };
}

/** An answer that is there as a whole. */
export function textResponse({ status, headers, text }: AnswerHead & { readonly text: string }): ApiResponse {
  return {
    ...headOf({ status, headers }),
    bytes: (async function* () {
      yield Buffer.from(text);
    })(),
    text: async () => text,
    discard: () => undefined,
  };
}

/** An answer whose body comes in pieces, which are made from now on, not only when they are read. */
export function pieceResponse(
  { status, headers, pieces }: AnswerHead & { readonly pieces: AsyncIterable<Uint8Array | string> },
  signal: AbortSignal | undefined,
): ApiResponse {
  const iterator = pieces[Symbol.asyncIterator]();
  const first = iterator.next();
  // Whoever reads hears of its failure; nobody has to read.
  first.catch(() => undefined);
  const bytes = readPieces(first, iterator, signal);
  return {
    ...headOf({ status, headers }),
    bytes,
    text: () => readText(bytes),
    discard: () => void readText(bytes).catch(() => undefined),
  };
}

function headOf({ status, headers }: AnswerHead): Pick<ApiResponse, "status" | "header" | "type"> {
  return { status, header: (name) => headers[name] ?? "", type: headers["content-type"] ?? "" };
}

async function readText(bytes: AsyncIterable<Buffer>): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of bytes) {
    size += chunk.length;
    if (size > MAX_TEXT_BYTES)
      throw clientError("ANSWER", "cannot read the engine's answer: it is too large");
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString();
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

/** Leaving the bytes leaves the pieces, even when none was read. */
function readPieces(
  first: Promise<IteratorResult<Uint8Array | string>>,
  iterator: AsyncIterator<Uint8Array | string>,
  signal: AbortSignal | undefined,
): AsyncIterableIterator<Buffer> {
  let next: typeof first | undefined = first;
  return {
    [Symbol.asyncIterator]() {
      return this;
    },
    async next() {
      const result = await (next ?? iterator.next()).catch((cause: unknown) => {
        if (signal?.aborted) throw canceled(signal.reason);
        const message = "lost the connection to the engine: the answer ended too early";
        throw clientError("BROKEN", message, { cause });
      });
      next = undefined;
      if (!result.done) return { done: false, value: toBuffer(result.value) };
      if (signal?.aborted) throw canceled(signal.reason);
      return { done: true, value: undefined };
    },
    async return() {
      await iterator.return?.();
      return { done: true, value: undefined };
    },
  };
}

function toBuffer(piece: Uint8Array | string): Buffer {
  if (typeof piece === "string") return Buffer.from(piece);
  return Buffer.from(piece.buffer, piece.byteOffset, piece.byteLength);
}
