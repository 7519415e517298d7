import { type Op, type Slot, slotAllocator } from "../plan/index.ts";
import {
  defaultRouteOp,
  disconnectOps,
  familyOps,
  limitIngress,
  openNamespaceOp,
  setUpOp,
  wayOut,
} from "./attach.ts";
import { type AttachmentParts, addEndpoint, type NetworkWish } from "./attachments.ts";
import type { Connection } from "./drivers/driver.ts";
import { driverOf } from "./drivers/drivers.ts";
import { networkError } from "./errors.ts";
import { executeHost } from "./execute.ts";
import type { HostNetwork } from "./host.ts";
import type { Endpoint, Network } from "./model.ts";

import { decodeAnswers } from "./netlink/datagram.ts";
import { getLink, linksOf } from "./netlink/link.ts";
import { netlinkOp } from "./netlink/op.ts";

/** A container that runs: its id, and the file of its network namespace. */
export type Joiner = { readonly container: string; readonly namespace: string };

/**
 * Connects a container that runs to one more network, which gets its default route if it leads outside with a higher
 * priority than the others. What fails leaves nothing.
 *
 * @throws NETWORK_CONNECTED when it is connected already, NETWORK_ADDRESS*, RUNTIME_NETWORK
 */
export async function joinNetwork(
  parts: AttachmentParts,
  { container, namespace }: Joiner,
  wish: NetworkWish,
): Promise<Endpoint> {
  const { host, store, switchboard } = parts;
  const network = store.find(wish.network);
  const others = store.endpoints({ container });
  if (others.some((endpoint) => endpoint.network === network.id)) {
    throw networkError(
      "CONNECTED",
      `container ${container.slice(0, 12)} is already on network ${network.name}`,
    );
  }
  const index = freeIndex(others);
  const endpoint = await parts.departures.orAfter(() =>
    addEndpoint(store, { container, network, index, wish }),
  );
  const before = routed(parts, others);
  const first = routed(parts, [...others, endpoint])?.endpoint === endpoint;
  try {
    await switchboard.withUplinks([network], ([uplink = 0]) =>
      connect(host, namespace, { endpoint, network, uplink }, first),
    );
    return endpoint;
  } catch (error) {
    await disconnect(host, namespace, endpoint);
    if (first && before !== undefined) await routeBy(host, namespace, before);
    store.removeEndpoint(endpoint);
    throw error;
  }
}

/**
 * Takes a container that runs from a network, with the ports that led there. Another network that leads outside gets its
 * default route.
 *
 * @throws NETWORK_NOT_CONNECTED
 */
export async function leaveNetwork(
  parts: AttachmentParts,
  { container, namespace }: Joiner,
  reference: string,
): Promise<void> {
  const { host, store } = parts;
  const network = store.find(reference);
  const endpoints = store.endpoints({ container });
  const endpoint = endpoints.find((each) => each.network === network.id);
  if (endpoint === undefined) {
    throw networkError(
      "NOT_CONNECTED",
      `container ${container.slice(0, 12)} is not on network ${network.name}`,
    );
  }
  const lost = store
    .publications(container)
    .filter(({ containerAddress }) => [endpoint.ipv4, endpoint.ipv6].includes(containerAddress));
  for (const publication of lost) store.removePublication(publication);
  await parts.switchboard.withdraw(lost);
  const others = endpoints.filter((each) => each !== endpoint);
  const had = routed(parts, endpoints);
  const next = had?.endpoint === endpoint ? routed(parts, others) : undefined;
  await disconnect(host, namespace, endpoint);
  if (next !== undefined) await routeBy(host, namespace, next);
  store.removeEndpoint(endpoint);
}

async function connect(
  host: HostNetwork,
  namespace: string,
  connection: Connection,
  first: boolean,
): Promise<void> {
  const slot = slotAllocator().next();
  await executeHost(host.helper, [
    openNamespaceOp(namespace, slot),
    ...driverOf(connection.network).linkOps(connection, slot),
    ...familyOps(connection, slot),
  ]);
  const link = connection.endpoint.interface;
  await limitIngress(host, [connection]);
  await inNamespace(host, { namespace, link }, (place) => setUpOp(connection, { ...place, first }));
}

async function disconnect(host: HostNetwork, namespace: string, endpoint: Endpoint): Promise<void> {
  await executeHost(host.helper, disconnectOps(endpoint, { namespace, slot: slotAllocator().next() }));
}

const FOUND = 1;

/** Does something with a link of a namespace, where links that came and went have left numbers unused. */
async function inNamespace(
  { helper }: HostNetwork,
  { namespace, link }: { namespace: string; link: string },
  work: (place: { namespace: Slot; index: number }) => Op,
): Promise<void> {
  const slot = slotAllocator().next();
  const open = openNamespaceOp(namespace, slot);
  const messages = [getLink(link)];
  const find = netlinkOp({
    what: `find ${link} in the container`,
    from: "network",
    namespace: slot,
    messages,
    tag: FOUND,
  });
  const answers = await executeHost(helper, [open, find]);
  const [found] = linksOf(decodeAnswers(answers.get(FOUND) ?? Buffer.alloc(0)));
  if (found === undefined) throw new Error(`link ${link} is gone again`);
  await executeHost(helper, [open, work({ namespace: slot, index: found.index })]);
}

type Place = { readonly endpoint: Endpoint; readonly network: Network };

/** The connection that a container's default route leads through. */
function routed({ store }: AttachmentParts, endpoints: readonly Endpoint[]): Place | undefined {
  return wayOut(endpoints.map((endpoint) => ({ endpoint, network: store.find(endpoint.network) })));
}

/** Has a container's default route lead through one of its connections. */
async function routeBy(host: HostNetwork, namespace: string, place: Place): Promise<void> {
  await inNamespace(host, { namespace, link: place.endpoint.interface }, (slot) =>
    defaultRouteOp(place, slot),
  );
}

function freeIndex(endpoints: readonly Endpoint[]): number {
  const taken = new Set(endpoints.map((endpoint) => endpoint.interface));
  let index = 0;
  while (taken.has(`eth${index}`)) index += 1;
  return index;
}
