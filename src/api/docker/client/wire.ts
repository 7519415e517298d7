import type { Duplex } from "node:stream";
import * as dockerApi from "../../../specs/docker-api/index.ts";
import type { ApiResponse } from "./api-response.ts";

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

/** A connection that the engine has handed over. */
export type Hijacked = {
  readonly socket: Duplex;
  /** What arrived with the answer. */
  readonly head: Buffer;
  /** Media type of the answer. */
  readonly type: string;
  /** The engine's name as it gives it; undefined where the engine is this process, or another one than tug's. */
  readonly engine?: string | undefined;
};

/** How requests get to an engine and answers back. */
export type Wire = {
  /** Resolves with the answer once its headers are there, whatever its status. @throws CLIENT_UNREACHABLE and the like */
  exchange(request: ApiRequest): Promise<ApiResponse>;
  /** Asks for the connection itself. @throws the engine's failure, CLIENT_UNREACHABLE and the like */
  hijack(request: ApiRequest): Promise<Hijacked>;
  /** Ends idle connections. Requests under way go on. */
  close(): void;
};

/** The path of a request with the version that this client speaks, and its parameters. */
export function targetOf({ path, query }: ApiRequest): string {
  const version = `/v${dockerApi.formatApiVersion(dockerApi.NEWEST_API_VERSION)}`;
  if (query === undefined) return `${version}${path}`;
  const parameters = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) {
    if (value === undefined || value === false) continue;
    if (typeof value === "object") for (const item of value) parameters.append(name, item);
    else parameters.append(name, value === true ? "1" : String(value));
  }
  const text = parameters.toString();
  return `${version}${path}${text === "" ? "" : `?${text}`}`;
}

/** Ties a connection to a signal, which may be used for many and must not keep them all. */
export function destroyOnAbort(socket: Duplex, signal: AbortSignal | undefined): void {
  if (signal === undefined) return;
  const destroy = () => void socket.destroy();
  signal.addEventListener("abort", destroy, { once: true });
  socket.once("close", () => signal.removeEventListener("abort", destroy));
}
