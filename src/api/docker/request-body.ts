import type { IncomingMessage } from "node:http";
import type { Duplex } from "node:stream";
import { doorError } from "./errors.ts";

/** The body of a request. It can be read once. */
export type RequestBody = {
  /** The bytes as they come, for archives. */
  readonly stream: AsyncIterable<Uint8Array>;
  /**
   * All of a JSON body as text; an empty body is "{}".
   *
   * @throws DOCKER_BODY_SIZE above `limit` bytes, DOCKER_CONTENT_TYPE for another type
   */
  json(limit: number): Promise<string>;
};

export function readRequestBody(request: IncomingMessage): RequestBody {
  return {
    stream: withoutDestroying(request),
    json: async (limit) => checkedJson(request, await readText(request, limit)),
  };
}

/** The body of a request that asks for the connection itself, and the bytes of the connection that came after it. */
export type UpgradeBody = RequestBody & { readonly rest: () => Uint8Array };

/**
 * Reads the body of an upgrade request, which Node takes for the beginning of the new protocol. Without a Content-Length
 * there is none; a body in pieces (Transfer-Encoding) is not understood here, see `hasPlainBody`.
 *
 * @param head what arrived together with the request
 */
export function readUpgradeBody(request: IncomingMessage, socket: Duplex, head: Uint8Array): UpgradeBody {
  const length = Number(request.headers["content-length"] ?? 0);
  let bytes: Uint8Array = head;
  const take = async (limit: number): Promise<Uint8Array> => {
    if (length > limit) throw tooLarge(limit);
    while (bytes.length < length) bytes = Buffer.concat([bytes, await nextChunk(socket)]);
    return bytes.subarray(0, length);
  };
  return {
    stream: (async function* () {
      yield await take(Number.POSITIVE_INFINITY);
    })(),
    json: async (limit) => checkedJson(request, Buffer.from(await take(limit)).toString("utf8")),
    rest: () => bytes.subarray(length),
  };
}

/** Whether the length of a body is said in advance. */
export function hasPlainBody({ headers }: IncomingMessage): boolean {
  return headers["transfer-encoding"] === undefined;
}

function checkedJson(request: IncomingMessage, text: string): string {
  if (text === "") return "{}";
  const type = request.headers["content-type"]?.split(";")[0]?.trim().toLowerCase();
  if (type === undefined || type === "application/json") return text;
  throw doorError("CONTENT_TYPE", `cannot read the body: it is "${type}", not "application/json"`);
}

async function readText(request: IncomingMessage, limit: number): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of withoutDestroying(request)) {
    size += chunk.length;
    if (size > limit) throw tooLarge(limit);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString("utf8");
}

function tooLarge(limit: number) {
  return doorError("BODY_SIZE", `cannot read the body: it is larger than ${limit} bytes`);
}

/** The next bytes of a connection, which is left paused. */
function nextChunk(socket: Duplex): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const settle = (action: () => void): void => {
      socket.off("data", take).off("end", end).off("close", end);
      socket.pause();
      action();
    };
    const take = (chunk: Buffer): void => settle(() => resolve(chunk));
    const end = (): void =>
      settle(() => reject(doorError("BODY_SIZE", "cannot read the body: it ends too early")));
    socket.on("data", take).once("end", end).once("close", end);
    socket.resume();
  });
}

/** A reader that gives up early must not take the connection with it: the answer still has to go out. */
function withoutDestroying(request: IncomingMessage): AsyncIterable<Buffer> {
  return {
    [Symbol.asyncIterator]: () => request.iterator({ destroyOnReturn: false })[Symbol.asyncIterator](),
  };
}
