import { randomUUID } from "node:crypto";
import { createServer, type IncomingMessage, type Server, ServerResponse } from "node:http";
import type { Duplex } from "node:stream";
import { type Logger, messageOf } from "../../base/index.ts";
import { dockerApi } from "../../specs/index.ts";
import type { Answer } from "./answer.ts";
import { writeAnswer, writeError, writeHijackBody, writeUpgrade } from "./answer-writer.ts";
import { levelOf } from "./failure-level.ts";
import { createInnerDoor, type InnerRequest } from "./inner-door.ts";
import { readQuery } from "./query.ts";
import { hasPlainBody, readRequestBody, readUpgradeBody, type UpgradeBody } from "./request-body.ts";
import { type Admission, createRouter, type Match, type Route, type Router } from "./route.ts";
import { serveWebSocket } from "./streams/web-socket.ts";

export type DoorOptions = {
  readonly routes: readonly Route[];
  /** Asked before any of them is used; left out: all may be. */
  readonly admit?: Admission;
  readonly logger: Logger;
  /** Of tug, for the Server header. */
  readonly version: string;
};

/** A server of the Docker Engine API. */
export type DockerDoor = {
  /** Not yet listening: the caller chooses the socket, or hands over one that a service manager made. */
  readonly server: Server;
  /** The same for callers in this process. */
  readonly inner: dockerApi.InnerDoor;
  /** Stops accepting, aborts every request and closes every connection. */
  close(): Promise<void>;
};

/** Registry credentials and filters come in headers and in the path, which share one limit. */
const MAX_HEADER_BYTES = 128 * 1024;

/** Clients keep connections for later requests; closing one just then would fail a request. */
const KEEP_ALIVE_MS = 10 * 60 * 1000;

/** A door for a table of routes. */
export function createDoor(options: DoorOptions): DockerDoor {
  const router = createRouter(options.routes, options.admit);
  const common = commonHeaders(options.version);
  const stop = new AbortController();
  const hijacked = new Set<Duplex>();
  const server = createServer({
    maxHeaderSize: MAX_HEADER_BYTES,
    keepAliveTimeout: KEEP_ALIVE_MS,
    // Old clients send no Host, or the socket's path.
    requireHostHeader: false,
    // An archive may take as long as it takes.
    requestTimeout: 0,
    shouldUpgradeCallback: (request) => mayUpgrade(router, request),
  });
  const serve = (
    request: IncomingMessage,
    response: ServerResponse,
    upgrade?: { socket: Duplex; body: UpgradeBody },
  ) => serveRequest({ request, response, upgrade, router, stop: stop.signal, logger: options.logger });

  server.on("request", (request, response) => {
    setCommonHeaders(response, common);
    void serve(request, response);
  });
  server.on("upgrade", (request, socket, head) => {
    hijacked.add(socket);
    socket.once("close", () => hijacked.delete(socket));
    socket.on("error", () => {});
    const body = readUpgradeBody(request, socket, head);
    void serve(request, responseOn(request, socket, common), { socket, body });
  });
  return {
    server,
    inner: createInnerDoor({
      answer: (method, target, request) => answerRequest(router, { method, target }, request),
      headers: common,
      stop: stop.signal,
      logger: options.logger,
    }),
    async close() {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      stop.abort();
      server.closeAllConnections();
      for (const socket of hijacked) socket.destroy();
      await closed;
    },
  };
}

/** Why a request is aborted: made once, for an error with its stack costs a good part of a small request. */
const GONE = new DOMException("the client is gone", "AbortError");

type Serving = {
  request: IncomingMessage;
  response: ServerResponse;
  upgrade: { socket: Duplex; body: UpgradeBody } | undefined;
  router: Router;
  stop: AbortSignal;
  logger: Logger;
};

/** Serves one request to its end; never throws. */
async function serveRequest({ request, response, upgrade, router, stop, logger }: Serving): Promise<void> {
  const log = logger.with({ request: randomUUID().slice(0, 8), method: request.method, url: request.url });
  const gone = new AbortController();
  const leave = () => gone.abort(GONE);
  (upgrade?.socket ?? response).once("close", leave);
  try {
    const body = upgrade?.body ?? readRequestBody(request);
    const signal = AbortSignal.any([gone.signal, stop]);
    const place = { method: request.method ?? "GET", target: request.url };
    const answer = await answerRequest(router, place, { headers: request.headers, body, signal });
    if (answer.kind === "webSocket") await serveWebSocket(answer, upgrade);
    else if (answer.kind !== "hijack") await writeAnswer(response, answer);
    else if (upgrade === undefined) await writeHijackBody(request, response, answer);
    else
      await writeUpgrade(
        upgrade.socket,
        { head: upgrade.body.rest(), headers: response.getHeaders() },
        answer,
      );
    log.log("debug", "docker.request.served", { answer: answer.kind });
  } catch (error) {
    failRequest(response, error);
    if (gone.signal.aborted) log.log("debug", "docker.request.abandoned");
    else log.log(levelOf(error), "docker.request.failed", { reason: messageOf(error) });
  }
}

async function answerRequest(
  router: Router,
  { method, target }: { method: string; target: string | undefined },
  request: InnerRequest,
): Promise<Answer> {
  const url = parseTarget(target);
  const { route, version, params } = router(method, url.pathname);
  return route.handler({ params, version, query: readQuery(url.searchParams), ...request });
}

/** Reports a failure if nothing has gone out yet; else cuts the connection, so that half an answer is seen as one. */
function failRequest(response: ServerResponse, error: unknown): void {
  if (response.destroyed) return;
  if (response.headersSent) response.destroy();
  else {
    // The client may still be sending: what it sends is dropped, so that it gets to reading the answer.
    response.req.resume();
    writeError(response, error);
  }
}

function mayUpgrade(router: Router, request: IncomingMessage): boolean {
  const wanted = request.headers.upgrade?.toLowerCase();
  if (wanted !== findRoute(router, request)?.route.upgrade) return false;
  return wanted === "websocket" || (wanted === "tcp" && hasPlainBody(request));
}

function findRoute(router: Router, request: IncomingMessage): Match | undefined {
  try {
    return router(request.method ?? "GET", parseTarget(request.url).pathname);
  } catch {
    return undefined;
  }
}

function parseTarget(target: string | undefined): URL {
  // Only path and query count; a request target such as //host/path must not become a host.
  return new URL(`http://door${target?.startsWith("/") ? target : "/"}`);
}

/** A response on the connection of an upgrade request, for the case that the answer is an ordinary one. */
function responseOn(request: IncomingMessage, socket: Duplex, headers: CommonHeaders): ServerResponse {
  const response = new ServerResponse(request);
  response.shouldKeepAlive = false;
  // A Duplex is all that a response needs; the declared type is narrower.
  response.assignSocket(socket as Parameters<ServerResponse["assignSocket"]>[0]);
  response.once("finish", () => socket.end());
  setCommonHeaders(response, headers);
  return response;
}

type CommonHeaders = Readonly<Record<string, string>>;

function setCommonHeaders(response: ServerResponse, headers: CommonHeaders): void {
  for (const [name, value] of Object.entries(headers)) response.setHeader(name, value);
}

function commonHeaders(version: string): CommonHeaders {
  return {
    Server: `tug/${version} (linux)`,
    "Api-Version": dockerApi.formatApiVersion(dockerApi.NEWEST_API_VERSION),
    Ostype: "linux",
    [dockerApi.ENGINE_HEADER]: randomUUID(),
  };
}
