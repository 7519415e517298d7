import { existsSync } from "node:fs";
import type { Joiner, Network, Networks } from "../../network/index.ts";
import type { ContainerRecord } from "../containers/record.ts";
import { isRunning } from "../containers/stop.ts";
import type { EngineContext } from "../context.ts";
import { engineError } from "../errors.ts";
import { checkEndpoint } from "./check.ts";
import { type EndpointRequest, networkWish } from "./connect.ts";
import { settleLinks } from "./links.ts";
import { tellNames, tellOthers, tellPeers } from "./tell-names.ts";

/**
 * Connects a container to one more network, now if it runs, and whenever it is started.
 *
 * @throws NETWORK_NOT_FOUND, NETWORK_ADDRESS*, ENGINE_NETWORK_MEMBER, ENGINE_NETWORK_SHARED, ENGINE_REQUEST
 */
export async function joinNetwork(
  context: EngineContext,
  record: ContainerRecord,
  wanted: EndpointRequest,
): Promise<void> {
  const { networks } = context;
  const network = networks.find(wanted.network);
  const { mode, endpoints } = record.request.network;
  requireOwnNamespace(record);
  requireMember(networks, record, { network, isMember: false });
  checkEndpoint(wanted);
  const links = settleLinks(context, { ...wanted, network: network.name });
  const from = `/NetworkingConfig/EndpointsConfig/${network.name}`;
  const after = {
    mode: mode.kind === "named" ? mode : ({ kind: "named", name: network.name } as const),
    endpoints: [...endpoints, { ...wanted, links, network: network.name, from }],
  };
  await change(context, record, after, async () => {
    await networks.join(joinerOf(context, record), networkWish(record, { ...wanted, links }));
  });
  publish(context, record, { action: "connect", network });
}

/**
 * Takes a container from a network, now if it runs, and for good.
 *
 * @throws NETWORK_NOT_FOUND, ENGINE_NETWORK_MEMBER
 */
export async function leaveNetwork(
  context: EngineContext,
  record: ContainerRecord,
  reference: string,
): Promise<void> {
  const { networks } = context;
  const network = networks.find(reference);
  const { mode, endpoints } = record.request.network;
  requireMember(networks, record, { network, isMember: true });
  const others = endpoints.filter((endpoint) => !means(networks, endpoint.network, network));
  const stays = mode.kind !== "named" || !means(networks, mode.name, network);
  const [next] = others;
  const nextMode = next ? ({ kind: "named", name: next.network } as const) : ({ kind: "none" } as const);
  const left = networks.endpoints({ container: record.id }).filter((each) => each.network === network.id);
  await change(context, record, { mode: stays ? mode : nextMode, endpoints: others }, () =>
    networks.leave(joinerOf(context, record), network.id),
  );
  tellPeers(context, left);
  publish(context, record, { action: "disconnect", network });
}

type Places = Pick<ContainerRecord["request"]["network"], "mode" | "endpoints">;

/** Records on which networks a container is, then makes it so if it runs. What fails is taken back. */
async function change(
  context: EngineContext,
  record: ContainerRecord,
  places: Places,
  work: () => Promise<void>,
): Promise<void> {
  const { store } = context;
  const { id, request } = record;
  const changed = { ...request, network: { ...request.network, ...places } };
  store.setRequest(id, changed);
  if (!isRunning(record)) return;
  try {
    await work();
  } catch (error) {
    store.setRequest(id, request);
    throw error;
  }
  tellNames(context, { ...record, request: changed });
  tellOthers(context, record, context.networks.endpoints({ container: id }));
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

function requireMember(
  networks: Networks,
  { name, request }: ContainerRecord,
  { network, isMember }: { network: Network; isMember: boolean },
): void {
  const { mode, endpoints } = request.network;
  const references = [
    ...(mode.kind === "named" ? [mode.name] : []),
    ...endpoints.map((endpoint) => endpoint.network),
  ];
  if (references.some((reference) => means(networks, reference, network)) === isMember) return;
  throw engineError(
    "NETWORK_MEMBER",
    `container ${name} is ${isMember ? "not" : "already"} on network ${network.name}`,
  );
}

/** Containers that were made without a network have a namespace that no file keeps. */
function joinerOf({ networks }: EngineContext, { id, state }: ContainerRecord): Joiner {
  const file = networks.namespaceOf(id);
  return { container: id, namespace: existsSync(file) ? file : `/proc/${state.pid}/ns/net` };
}

/** Whether a name, id or beginning of an id means a network. One that means none is of a network that was removed. */
function means(networks: Networks, reference: string, { id }: Network): boolean {
  try {
    return networks.find(reference).id === id;
  } catch {
    return false;
  }
}

function publish(
  { events }: EngineContext,
  { id }: ContainerRecord,
  { action, network }: { action: "connect" | "disconnect"; network: Network },
): void {
  const attributes = { container: id, name: network.name, type: network.driver };
  events.publish({ type: "network", action, id: network.id, attributes });
}
