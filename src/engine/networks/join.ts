import { existsSync } from "node:fs";
import type { Joiner } from "../../network/index.ts";
import { writeNames } from "../containers/network-files.ts";
import type { ContainerRecord } from "../containers/record.ts";
import { isRunning } from "../containers/stop.ts";
import type { EngineContext } from "../context.ts";
import { engineError } from "../errors.ts";
import { type EndpointRequest, nameServersOf, networkWish } from "./connect.ts";

/**
 * Connects a container to one more network, now if it runs, and whenever it is started.
 *
 * @throws NETWORK_NOT_FOUND, NETWORK_CONNECTED, ENGINE_NETWORK_SHARED, NETWORK_ADDRESS*
 */
export async function joinNetwork(
  context: EngineContext,
  record: ContainerRecord,
  wanted: EndpointRequest,
): Promise<void> {
  const { networks, store } = context;
  const { id, request } = record;
  const network = networks.find(wanted.network);
  const { mode, endpoints } = request.network;
  requireOwnNamespace(record);
  requireMember(record, network, false);
  if (isRunning(record)) await networks.join(joinerOf(context, record), networkWish(record, wanted));
  const from = `/NetworkingConfig/EndpointsConfig/${network.name}`;
  const others = endpoints.filter((endpoint) => !isSame(network, endpoint.network));
  store.setRequest(id, {
    ...request,
    network: {
      ...request.network,
      mode: mode.kind === "named" ? mode : { kind: "named", name: network.name },
      endpoints: [...others, { ...wanted, network: network.name, from }],
    },
  });
  announce(context, record, { action: "connect", network });
}

/**
 * Takes a container from a network, now if it runs, and for good.
 *
 * @throws NETWORK_NOT_FOUND, NETWORK_NOT_CONNECTED
 */
export async function leaveNetwork(
  context: EngineContext,
  record: ContainerRecord,
  reference: string,
): Promise<void> {
  const { networks, store } = context;
  const { id, request } = record;
  const network = networks.find(reference);
  const { mode, endpoints } = request.network;
  requireMember(record, network, true);
  if (isRunning(record)) await networks.leave(joinerOf(context, record), network.id);
  const others = endpoints.filter((endpoint) => !isSame(network, endpoint.network));
  const stays = mode.kind !== "named" || !isSame(network, mode.name);
  const [next] = others;
  const nextMode = next ? ({ kind: "named", name: next.network } as const) : ({ kind: "none" } as const);
  store.setRequest(id, {
    ...request,
    network: { ...request.network, mode: stays ? mode : nextMode, endpoints: others },
  });
  announce(context, record, { action: "disconnect", network });
}

function requireOwnNamespace({ name, request }: ContainerRecord): void {
  const { kind } = request.network.mode;
  if (kind !== "host" && kind !== "container") return;
  throw engineError(
    "NETWORK_SHARED",
    `cannot connect container ${name}: it shares the network of the host or of another`,
    {
      hint: "make it without --network host or container:NAME",
    },
  );
}

function requireMember({ name, request }: ContainerRecord, network: Named, wanted: boolean): void {
  const { mode, endpoints } = request.network;
  const names = [
    ...(mode.kind === "named" ? [mode.name] : []),
    ...endpoints.map((endpoint) => endpoint.network),
  ];
  if (names.some((reference) => isSame(network, reference)) === wanted) return;
  throw engineError(
    "NETWORK_MEMBER",
    `container ${name} is ${wanted ? "not" : "already"} on network ${network.name}`,
  );
}

/** Containers that were made without a network have a namespace that no file keeps. */
function joinerOf({ networks }: EngineContext, { id, state }: ContainerRecord): Joiner {
  const file = networks.namespaceOf(id);
  return { container: id, namespace: existsSync(file) ? file : `/proc/${state.pid}/ns/net` };
}

type Named = { readonly id: string; readonly name: string };

function isSame({ id, name }: Named, reference: string): boolean {
  return reference === name || id.startsWith(reference);
}

function announce(
  context: EngineContext,
  { id }: ContainerRecord,
  { action, network }: { action: "connect" | "disconnect"; network: Named },
): void {
  const { events, networks, store, layout } = context;
  const record = store.find(id);
  if (isRunning(record)) {
    const endpoints = networks.endpoints({ container: id });
    writeNames(layout.container(id), record.request, {
      hostname: record.request.hostname || id.slice(0, 12),
      addresses: endpoints.flatMap(({ ipv4, ipv6 }) => [ipv4, ipv6]).filter((ip) => ip !== undefined),
      servers: nameServersOf(context, { endpoints }),
    });
  }
  const attributes = { container: id, name: network.name, type: "bridge" };
  events.publish({ type: "network", action, id: network.id, attributes });
}
