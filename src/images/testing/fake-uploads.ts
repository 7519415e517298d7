import type { IncomingMessage, ServerResponse } from "node:http";
import { sha256 } from "../../base/index.ts";

/** The uploading half of a fake registry. */
export type FakeUploads = {
  /** Answers a request about uploads and returns true, or leaves it to others. */
  handle(request: IncomingMessage, response: ServerResponse): boolean;
  unfinished(): number;
};

/** Uploads that end in a map of blobs. Blobs are one pool for all repositories, so every mount of a known one succeeds. */
export function createFakeUploads(blobs: Map<string, Buffer>): FakeUploads {
  const sessions = new Map<string, Buffer>();
  let count = 0;

  const begin = (response: ServerResponse, path: string, query: URLSearchParams) => {
    const mounted = query.get("mount");
    if (mounted !== null && blobs.has(mounted)) return void response.writeHead(201).end();
    count += 1;
    sessions.set(String(count), Buffer.alloc(0));
    response.writeHead(202, { location: `${path}${count}?state=0` }).end();
  };

  /** What arrives is kept even when the connection breaks, as real registries do. */
  const receive = async (request: IncomingMessage, id: string) => {
    try {
      for await (const chunk of request) {
        sessions.set(id, Buffer.concat([sessions.get(id) ?? Buffer.alloc(0), chunk as Buffer]));
      }
    } catch {
      // The client learns of it by its own end.
    }
  };

  const append = async (request: IncomingMessage, response: ServerResponse, id: string) => {
    const start = Number(/^(\d+)-/.exec(request.headers["content-range"] ?? "")?.[1] ?? 0);
    if (start !== sessions.get(id)?.length) return void response.writeHead(416).end();
    await receive(request, id);
    describe(request, response, { id, status: 202 });
  };

  const describe = (
    request: IncomingMessage,
    response: ServerResponse,
    { id, status }: { id: string; status: number },
  ) => {
    const size = sessions.get(id)?.length ?? 0;
    const location = `${request.url?.split("?")[0]}?state=${size}`;
    response.writeHead(status, { location, range: `0-${Math.max(size - 1, 0)}` }).end();
  };

  const complete = async (request: IncomingMessage, response: ServerResponse, id: string) => {
    const { searchParams } = new URL(request.url ?? "", "http://fake");
    await receive(request, id);
    const data = sessions.get(id) ?? Buffer.alloc(0);
    if (sha256(data) !== searchParams.get("digest")) return void response.writeHead(400).end();
    sessions.delete(id);
    blobs.set(sha256(data), data);
    response.writeHead(201).end();
  };

  return {
    unfinished: () => sessions.size,
    handle(request, response) {
      const [, path, id = ""] = /^(\/v2\/.+\/blobs\/uploads\/)(\w*)/.exec(request.url ?? "") ?? [];
      if (path === undefined) return false;
      if (id === "") begin(response, path, new URL(request.url ?? "", "http://fake").searchParams);
      else if (!sessions.has(id)) response.writeHead(404).end();
      else if (request.method === "PATCH") void append(request, response, id);
      else if (request.method === "PUT") void complete(request, response, id);
      else if (request.method === "GET") describe(request, response, { id, status: 204 });
      else response.writeHead(sessions.delete(id) ? 204 : 404).end();
      return true;
    },
  };
}
