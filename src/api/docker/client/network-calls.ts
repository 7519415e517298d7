import * as dockerApi from "../../../specs/docker-api/index.ts";
import type { CallOptions } from "./container-calls.ts";
import type { Transport } from "./transport.ts";

/** Which networks are meant. */
export type ListNetworksOptions = CallOptions & {
  /** As those of `tug network ls`: `new Map([["driver", ["bridge"]]])`. */
  readonly filters?: dockerApi.Filters;
};

/** Calls about networks. `network` is an id, a name or an unambiguous beginning of an id. */
export type NetworkCalls = {
  /** All of them, or those that fit the filters. */
  list(options?: ListNetworksOptions): Promise<dockerApi.Network[]>;
  /** Its addresses, and who is connected. */
  inspect(network: string, options?: CallOptions): Promise<dockerApi.Network>;
  /** Makes a network. */
  create(body: dockerApi.NetworkCreateBody, options?: CallOptions): Promise<dockerApi.NetworkCreated>;
  /** Who can reach a port of the machine that leads to containers, and why: `8080`, `53/udp`. */
  explainPort(port: string, options?: CallOptions): Promise<dockerApi.PortExplained>;
  /** Connects a container, running or not. */
  connect(network: string, body: dockerApi.NetworkConnectBody, options?: CallOptions): Promise<void>;
  /** Takes a container from a network. */
  disconnect(network: string, body: dockerApi.NetworkDisconnectBody, options?: CallOptions): Promise<void>;
  /** Removes a network that nobody is connected to. */
  remove(network: string, options?: CallOptions): Promise<void>;
  /** Removes those that nobody uses. */
  prune(options?: ListNetworksOptions): Promise<dockerApi.NetworksPruned>;
};

export function createNetworkCalls(transport: Transport): NetworkCalls {
  return {
    list: ({ filters = new Map(), signal } = {}) =>
      transport.sendForJson({
        method: "GET",
        path: "/networks",
        query: { filters: dockerApi.formatFilters(filters) },
        signal,
      }),
    inspect: (network, { signal } = {}) =>
      transport.sendForJson({ method: "GET", path: pathOf(network), signal }),
    create: (json, { signal } = {}) =>
      transport.sendForJson({ method: "POST", path: "/networks/create", json, signal }),
    explainPort: (port, { signal } = {}) =>
      transport.sendForJson({ method: "GET", path: "/tug/networks/explain", query: { port }, signal }),
    connect: (network, json, { signal } = {}) =>
      transport.sendForNothing({ method: "POST", path: `${pathOf(network)}/connect`, json, signal }),
    disconnect: (network, json, { signal } = {}) =>
      transport.sendForNothing({ method: "POST", path: `${pathOf(network)}/disconnect`, json, signal }),
    remove: (network, { signal } = {}) =>
      transport.sendForNothing({ method: "DELETE", path: pathOf(network), signal }),
    prune: ({ filters = new Map(), signal } = {}) =>
      transport.sendForJson({
        method: "POST",
        path: "/networks/prune",
        query: { filters: dockerApi.formatFilters(filters) },
        signal,
      }),
  };
}

function pathOf(network: string): string {
  return `/networks/${encodeURIComponent(network)}`;
}
