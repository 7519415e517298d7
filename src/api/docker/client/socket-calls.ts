import type * as dockerApi from "../../../specs/docker-api/index.ts";
import type { CallOptions } from "./container-calls.ts";
import type { Transport } from "./transport.ts";

/** Calls about scoped sockets, by which others may use a part of the engine. */
export type SocketCalls = {
  /** All of them, by name. */
  list(options?: CallOptions): Promise<readonly dockerApi.Socket[]>;
  /** What one allows, and where it is. */
  inspect(name: string, options?: CallOptions): Promise<dockerApi.Socket>;
  /** Makes one, which listens from now on, and again with the next engine. */
  create(socket: dockerApi.SocketCreateBody, options?: CallOptions): Promise<dockerApi.Socket>;
  /** Ends what is under way through one, and forgets it; what was made through it stays. */
  remove(name: string, options?: CallOptions): Promise<void>;
};

export function createSocketCalls(transport: Transport): SocketCalls {
  const pathOf = (name: string) => `/tug/sockets/${encodeURIComponent(name)}`;
  return {
    list: ({ signal } = {}) => transport.sendForJson({ method: "GET", path: "/tug/sockets", signal }),
    inspect: (name, { signal } = {}) => transport.sendForJson({ method: "GET", path: pathOf(name), signal }),
    create: (json, { signal } = {}) =>
      transport.sendForJson({ method: "POST", path: "/tug/sockets/create", json, signal }),
    remove: (name, { signal } = {}) =>
      transport.sendForNothing({ method: "DELETE", path: pathOf(name), signal }),
  };
}
