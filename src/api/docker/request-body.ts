import type { IncomingMessage } from "node:http";
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
    async json(limit) {
      const text = await readText(request, limit);
      if (text === "") return "{}";
      const type = request.headers["content-type"]?.split(";")[0]?.trim().toLowerCase();
      if (type === undefined || type === "application/json") return text;
      throw doorError("CONTENT_TYPE", `cannot read the body: it is "${type}", not "application/json"`);
    },
  };
}

async function readText(request: IncomingMessage, limit: number): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of withoutDestroying(request)) {
    size += chunk.length;
    if (size > limit) throw doorError("BODY_SIZE", `cannot read the body: it is larger than ${limit} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString("utf8");
}

/** A reader that gives up early must not take the connection with it: the answer still has to go out. */
function withoutDestroying(request: IncomingMessage): AsyncIterable<Buffer> {
  return {
    [Symbol.asyncIterator]: () => request.iterator({ destroyOnReturn: false })[Symbol.asyncIterator](),
  };
}
