import { cloneFlags, type Op, type Slot, slotAllocator } from "../plan/index.ts";
import { parseIp, parseSubnet } from "./address/ip.ts";
import type { Connection } from "./drivers/driver.ts";
import { driverOf } from "./drivers/drivers.ts";
import type { HostNetwork } from "./host.ts";
import { type AddressPool, type Endpoint, hasIpv6, type Network } from "./model.ts";
import { newAddress, newDefaultRoute, newOnLinkRoute } from "./netlink/address.ts";
import type { NetlinkMessage } from "./netlink/datagram.ts";
import { deleteLink, setLink } from "./netlink/link.ts";
import { netlinkOp } from "./netlink/op.ts";
import { limitQueue } from "./netlink/queue.ts";

const LOOPBACK = 1;

/** Ops that make a container's network namespace at a path and all that is in it. One that is there already is let go of. */
export function attachOps(path: string, connections: readonly Connection[]): Op[] {
  const slots = slotAllocator();
  const namespace = slots.next();
  const outside = wayOut(connections);
  return [
    releaseOp(path),
    { op: "networkNamespace", from: "network", path, out: namespace },
    netlinkOp({
      what: "switch the loopback device on",
      from: "network",
      namespace,
      messages: [setLink({ index: LOOPBACK, up: true })],
    }),
    // What links get that come here; without IPv6 the kernel has less to do for each.
    settingOp(namespace, "ipv6/conf/default/disable_ipv6", 1),
    settingOp(namespace, "ipv6/conf/default/accept_ra", 0),
    settingOp(namespace, "ipv6/conf/default/accept_dad", 0),
    ...connections.flatMap((connection) => {
      const index = linkIndex(connection.endpoint.interface);
      return [
        ...driverOf(connection.network).linkOps(connection, namespace),
        ...(hasIpv6(connection.network) ? familyOps(connection, namespace) : []),
        setUpOp(connection, { namespace, index, first: connection === outside }),
      ];
    }),
  ];
}

/** What follows happens in a network namespace that is there already. */
export function openNamespaceOp(path: string, out: Slot): Op {
  return { op: "openNamespace", from: "network", path, kind: cloneFlags.NEWNET, out };
}

/**
 * Ops that leave a container's link without IPv6 where its network has none, as that would be addresses that nobody gave
 * out. Nowhere may another container say that it is a router (CVE-2020-10749), nor is a second spent on looking for others
 * with the same address.
 */
export function familyOps({ endpoint, network }: Connection, namespace: Slot): Op[] {
  const directory = `ipv6/conf/${endpoint.interface}`;
  return [
    settingOp(namespace, `${directory}/disable_ipv6`, hasIpv6(network) ? 0 : 1),
    settingOp(namespace, `${directory}/accept_ra`, 0),
    settingOp(namespace, `${directory}/accept_dad`, 0),
  ];
}

/** A setting of a network namespace; a kernel without IPv6 lacks some. */
function settingOp(namespace: Slot, key: string, value: number): Op {
  return { op: "networkSetting", from: "network", namespace, key, value: String(value), ignore: ["ENOENT"] };
}

/**
 * The op that sets up a connection's end in the container.
 *
 * @param place.index of the link there; `first`: the default route leads through it
 */
export function setUpOp(
  { endpoint, network }: Omit<Connection, "uplink">,
  { namespace, index, first }: { namespace: Slot; index: number; first: boolean },
): Op {
  const addresses = network.pools.flatMap((pool) => {
    const { subnet } = pool;
    const text = subnet.includes(":") ? endpoint.ipv6 : endpoint.ipv4;
    if (text === undefined) return [];
    const own = newAddress(index, parseIp(text), parseSubnet(subnet).prefix);
    return first ? [own, ...routesOf(network, { pool, index })] : [own];
  });
  return netlinkOp({
    what: `set up ${endpoint.interface} in the container`,
    from: `network ${network.name}`,
    namespace,
    messages: [...egressOf(network, index), setLink({ index, up: true }), ...addresses],
  });
}

/** What slows down what a container sends: in its own namespace, where only one that manages networks could change it. */
function egressOf({ bandwidth }: Network, index: number): NetlinkMessage[] {
  return bandwidth?.egress === undefined ? [] : [limitQueue(index, bandwidth.egress)];
}

/** Slows down what containers are sent whose links are there, as far as their networks say so. */
export async function limitIngress(
  host: HostNetwork,
  connections: readonly Pick<Connection, "endpoint" | "network">[],
): Promise<void> {
  for (const { endpoint, network } of connections) {
    const limit = network.bandwidth?.ingress;
    if (limit !== undefined) await driverOf(network).limitIngress?.(host, { endpoint, network }, limit);
  }
}

/** The op that gives a namespace the default route of one of its connections. */
export function defaultRouteOp(
  { endpoint, network }: Omit<Connection, "uplink">,
  { namespace, index }: { namespace: Slot; index: number },
): Op {
  return netlinkOp({
    what: `route by ${endpoint.interface}`,
    from: `network ${network.name}`,
    namespace,
    messages: network.pools.flatMap((pool) => routesOf(network, { pool, index })),
  });
}

/** The connection that a container's default route leads through: the first of those with the highest priority that can. */
export function wayOut<C extends Pick<Connection, "endpoint" | "network">>(
  connections: readonly C[],
): C | undefined {
  const priority = ({ endpoint: { gatewayPriority = 0 } }: C): number => gatewayPriority;
  return connections
    .filter(({ network }) => leadsOutside(network))
    .toSorted((a, b) => priority(b) - priority(a))[0];
}

/** Whether a container's default route can lead through a network. */
function leadsOutside(network: Network): boolean {
  const { internal, pools } = network;
  const routes = (pool: AddressPool): boolean => routesOf(network, { pool, index: LOOPBACK }).length > 0;
  return !internal && pools.some(routes);
}

/** The default route of a version of IP, if there is one. */
function routesOf(
  network: Network,
  { pool, index }: { readonly pool: AddressPool; readonly index: number },
): NetlinkMessage[] {
  if (driverOf(network).routesOnLink(network))
    return [newOnLinkRoute(index, parseSubnet(pool.subnet).base.family)];
  return pool.gateway === undefined ? [] : [newDefaultRoute(index, parseIp(pool.gateway))];
}

/**
 * Ops that remove one connection: by its end on the host, or where it has none, in the container's namespace. One that is
 * not there, or whose namespace is not, is no failure.
 *
 * @param place.slot that no other op uses
 */
export function disconnectOps(
  { link, interface: inside }: Endpoint,
  place: { readonly namespace: string; readonly slot: Slot },
): Op[] {
  const name = link ?? inside;
  const request = { what: `remove link ${name}`, from: "network", messages: [deleteLink(name)] };
  if (link !== undefined) return [netlinkOp({ ...request, ignore: ["ENODEV"] })];
  return [
    { ...openNamespaceOp(place.namespace, place.slot), ignore: ["ENOENT", "EINVAL"] },
    // What was not opened is no descriptor.
    netlinkOp({ ...request, namespace: place.slot, ignore: ["ENODEV", "EBADF"] }),
  ];
}

/** The op that lets go of a network namespace; that there is none is no failure. Unless somebody is in it, it goes with its links. */
export function releaseOp(path: string): Op {
  return { op: "releaseNamespace", from: "network", path };
}

/** Links of a new namespace are numbered as they are named: lo is 1, eth0 is 2. */
function linkIndex(name: string): number {
  return LOOPBACK + 1 + Number(name.slice("eth".length));
}
