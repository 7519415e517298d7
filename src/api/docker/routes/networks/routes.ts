import type { Handler, Route } from "../../route.ts";
import { connectContainer, disconnectContainer } from "./connect.ts";
import { explainPort } from "./explain-port.ts";
import { createNetwork, inspectNetwork, listNetworks, pruneNetworks, removeNetwork } from "./handlers.ts";
import type { NetworksPort } from "./port.ts";

/** A handler that still needs the engine. */
export type NetworksHandler = (
  networks: NetworksPort,
  ...request: Parameters<Handler>
) => ReturnType<Handler>;

/** The endpoints of networks. Source: swagger.yaml, tag `Network`. */
export function networkRoutes(networks: NetworksPort): readonly Route[] {
  const using =
    (handler: NetworksHandler): Handler =>
    (request) =>
      handler(networks, request);
  return [
    { method: "GET", path: "/networks", access: "networks:read", since: 24, handler: using(listNetworks) },
    {
      method: "POST",
      path: "/networks/create",
      access: "networks:create",
      since: 24,
      handler: using(createNetwork),
    },
    {
      method: "POST",
      path: "/networks/prune",
      access: "networks:remove",
      since: 25,
      handler: using(pruneNetworks),
    },
    { method: "GET", path: "/tug/networks/explain", access: "owner", since: 24, handler: using(explainPort) },
    {
      method: "GET",
      path: "/networks/{id}",
      access: "networks:read",
      since: 24,
      handler: using(inspectNetwork),
    },
    {
      method: "POST",
      path: "/networks/{id}/connect",
      access: "networks:connect",
      since: 24,
      handler: using(connectContainer),
    },
    {
      method: "POST",
      path: "/networks/{id}/disconnect",
      access: "networks:connect",
      since: 24,
      handler: using(disconnectContainer),
    },
    {
      method: "DELETE",
      path: "/networks/{id}",
      access: "networks:remove",
      since: 24,
      handler: using(removeNetwork),
    },
  ];
}
