import { Agent, type ClientRequest, request as httpRequest, type IncomingMessage } from "node:http";
import type { Duplex } from "node:stream";
import { drained, TugError } from "../../../base/index.ts";
import * as dockerApi from "../../../specs/docker-api/index.ts";
import { errorOfAnswer } from "./answer-error.ts";
import { type ApiResponse, createApiResponse } from "./api-response.ts";
import { canceled, clientError, translateFailure } from "./errors.ts";

/** One request to the engine. `path` is without the version prefix. */
export type ApiRequest = {
  readonly method: "GET" | "HEAD" | "POST" | "PUT" | "DELETE";
  readonly path: string;
  readonly query?: ApiQuery;
  readonly headers?: Readonly<Record<string, string>> | undefined;
  /** Sent as JSON. */
  readonly json?: unknown;
  /** Sent as it comes. */
  readonly upload?: AsyncIterable<Uint8Array> | undefined;
  /** Asked twice it does what it does once, and so it is sent again when the engine ends before it answers. */
  readonly repeatable?: true;
  readonly signal?: AbortSignal | undefined;
};

/** Parameters; false and undefined are left out, true is 1, lists are repeated. */
export type ApiQuery = Readonly<Record<string, string | number | boolean | readonly string[] | undefined>>;

/** A connection that the engine has handed over. `head` is what arrived with the answer, `type` its media type. */
export type Hijacked = { readonly socket: Duplex; readonly head: Buffer; readonly type: string };

/** Where an engine is: behind a unix socket, or behind connections that the caller makes, one for each request. */
export type EngineAddress = { readonly socket: string } | { readonly dial: () => Duplex };

/** Sends requests to one engine. */
export type Transport = {
  /**
   * Resolves with the answer once its headers are there. When nobody listens and somebody can be made to, or the engine
   * ends before it answers a request that may be repeated (every GET), the request is sent again.
   *
   * @throws the engine's failure for a status of 304 or above 399; CLIENT_UNREACHABLE and the like
   */
  send(request: ApiRequest): Promise<ApiResponse>;
  /** Resolves with the whole answer as JSON. */
  sendForJson<T>(request: ApiRequest): Promise<T>;
  /** Sends a request whose answer has nothing in it. */
  sendForNothing(request: ApiRequest): Promise<void>;
  /** Asks for the connection itself. */
  hijack(request: ApiRequest): Promise<Hijacked>;
  /** Ends idle connections. Requests under way go on. */
  close(): void;
};

export type TransportOptions = EngineAddress & {
  /** Called when nobody listens: makes an engine listen, or throws why there is none, or that it was aborted. */
  readonly revive?: ((signal?: AbortSignal) => Promise<void>) | undefined;
};

/** An engine that ends so many times under the same request ends because of it. */
const MOST_LOSSES = 10;

export function createTransport(address: TransportOptions): Transport {
  const { revive } = address;
  const agent = new Agent({ keepAlive: true });
  const socketPath = "socket" in address ? address.socket : "";
  const way = "socket" in address ? { socketPath, agent } : { createConnection: address.dial };
  const open = (request: ApiRequest, headers: Record<string, string> = {}): ClientRequest =>
    httpRequest({
      ...way,
      method: request.method,
      path: pathOf(request),
      headers: { Host: "tug", ...contentHeaders(request), ...request.headers, ...headers },
      ...(request.signal === undefined ? {} : { signal: request.signal }),
    });

  /** Does what needs an answering engine, again where that is harmless. */
  const insist = async <T>(request: ApiRequest, work: () => Promise<T>): Promise<T> => {
    for (let losses = 0; ; ) {
      try {
        return await work();
      } catch (error) {
        const failure = translateFailure(error, socketPath);
        if (isLoss(failure, request)) losses += 1;
        else if (revive === undefined || !isUnreachable(failure)) throw failure;
        else await revive(request.signal);
        if (losses === MOST_LOSSES) throw failure;
        if (request.signal?.aborted) throw canceled(request.signal.reason);
      }
    }
  };
  const send = async (request: ApiRequest): Promise<ApiResponse> => {
    const { outgoing, incoming } = await insist(request, async () => {
      const outgoing = open(request);
      return { outgoing, incoming: await exchange(outgoing, request) };
    });
    const response = createApiResponse(incoming, request.signal);
    if (response.status < 300) return response;
    const failure = errorOfAnswer(response.status, await response.text());
    // Whatever is left to upload is not wanted.
    if (request.upload !== undefined) outgoing.destroy();
    throw failure;
  };
  return {
    send,
    async sendForJson<T>(request: ApiRequest) {
      const text = await (await send(request)).text();
      try {
        return JSON.parse(text) as T;
      } catch (cause) {
        throw clientError("ANSWER", `cannot read the engine's answer to ${request.path}: it is not JSON`, {
          cause,
        });
      }
    },
    async sendForNothing(request) {
      (await send(request)).discard();
    },
    hijack: (request) =>
      insist(request, () =>
        hijack(open(request, { Connection: "Upgrade", Upgrade: "tcp" }), request, socketPath),
      ),
    close: () => agent.destroy(),
  };
}

/** Whether the connection broke before there was an answer, and the request does no harm when it is sent again. */
function isLoss(failure: unknown, { method, repeatable, upload }: ApiRequest): boolean {
  const harmless = repeatable ?? (method === "GET" || method === "HEAD");
  return harmless && upload === undefined && failure instanceof TugError && failure.code === "CLIENT_BROKEN";
}

function isUnreachable(failure: unknown): boolean {
  return failure instanceof TugError && failure.code === "CLIENT_UNREACHABLE";
}

async function hijack(outgoing: ClientRequest, request: ApiRequest, socketPath: string): Promise<Hijacked> {
  const upgraded = new Promise<Hijacked>((resolve) => {
    outgoing.once("upgrade", (response, socket, head) => {
      destroyOnAbort(socket, request.signal);
      resolve({ socket, head, type: response.headers["content-type"] ?? "" });
    });
  });
  const refused = exchange(outgoing, request).then(
    async (incoming) => {
      const response = createApiResponse(incoming, request.signal);
      throw errorOfAnswer(response.status, await response.text());
    },
    (error) => {
      throw translateFailure(error, socketPath);
    },
  );
  return Promise.race([upgraded, refused]);
}

/** Ties a connection to a signal, which may be used for many and must not keep them all. */
function destroyOnAbort(socket: Duplex, signal: AbortSignal | undefined): void {
  if (signal === undefined) return;
  const destroy = () => void socket.destroy();
  signal.addEventListener("abort", destroy, { once: true });
  socket.once("close", () => signal.removeEventListener("abort", destroy));
}

/** Sends a request's body and resolves when the headers of the answer are there, which may be before the body's end. */
function exchange(outgoing: ClientRequest, request: ApiRequest): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    outgoing.once("response", resolve);
    outgoing.on("error", reject);
    if (request.upload === undefined) {
      outgoing.end(request.json === undefined ? undefined : JSON.stringify(request.json));
    } else {
      upload(outgoing, request.upload).catch((error) => {
        // What broke the source is what the caller must hear of.
        reject(error);
        outgoing.destroy();
      });
    }
  });
}

async function upload(outgoing: ClientRequest, source: AsyncIterable<Uint8Array>): Promise<void> {
  for await (const chunk of source) {
    if (outgoing.destroyed) return;
    if (!outgoing.write(chunk)) await drained(outgoing);
  }
  outgoing.end();
}

function pathOf({ path, query }: ApiRequest): string {
  const parameters = new URLSearchParams();
  for (const [name, value] of Object.entries(query ?? {})) {
    if (value === undefined || value === false) continue;
    if (typeof value === "object") for (const item of value) parameters.append(name, item);
    else parameters.append(name, value === true ? "1" : String(value));
  }
  const text = parameters.toString();
  return `/v${dockerApi.formatApiVersion(dockerApi.NEWEST_API_VERSION)}${path}${text === "" ? "" : `?${text}`}`;
}

function contentHeaders(request: ApiRequest): Record<string, string> {
  if (request.json !== undefined) return { "Content-Type": "application/json" };
  if (request.upload !== undefined) return { "Content-Type": dockerApi.mediaTypes.tar };
  return request.method === "POST" ? { "Content-Length": "0" } : {};
}
