import { createHash } from "node:crypto";
import { cloneFlags, type Op, type Slot, slotAllocator } from "../plan/index.ts";
import { parseIp, parseSubnet } from "./address/ip.ts";
import { macBytes } from "./address/mac.ts";
import { type Endpoint, hasIpv6, type Network } from "./model.ts";
import { newAddress, newDefaultRoute } from "./netlink/address.ts";
import { deleteLink, hairpinPort, newVeth, setLink } from "./netlink/link.ts";
import { netlinkOp } from "./netlink/op.ts";

/** One connection that is to be made. */
export type Connection = {
  readonly endpoint: Endpoint;
  readonly network: Network;
  /** Index of the network's bridge. */
  readonly bridge: number;
};

const LOOPBACK = 1;

/** Ops that make a container's network namespace at a path and all that is in it. One that is there already is let go of. */
export function attachOps(path: string, connections: readonly Connection[]): Op[] {
  const slots = slotAllocator();
  const namespace = slots.next();
  const outside = connections.find(({ network }) => !network.internal);
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
        ...linkOps(connection, namespace),
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

/** Ops that make a connection's link, one end of it in a namespace. */
export function linkOps({ endpoint, network, bridge }: Connection, namespace: Slot): Op[] {
  const from = `network ${network.name}`;
  const { mtu } = network;
  const address = macBytes(endpoint.mac);
  const near = { name: endpoint.link, master: bridge, mtu, up: true };
  const far = { name: endpoint.interface, address, mtu, namespace };
  return [
    netlinkOp({ what: `make link ${endpoint.link}`, from, messages: [newVeth(near, far)] }),
    netlinkOp({
      what: `set up link ${endpoint.link}`,
      from,
      messages: [hairpinPort({ name: endpoint.link })],
    }),
  ];
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
  { endpoint, network }: Omit<Connection, "bridge">,
  { namespace, index, first }: { namespace: Slot; index: number; first: boolean },
): Op {
  const addresses = network.pools.flatMap(({ subnet, gateway }) => {
    const text = subnet.includes(":") ? endpoint.ipv6 : endpoint.ipv4;
    if (text === undefined) return [];
    const own = newAddress(index, parseIp(text), parseSubnet(subnet).prefix);
    return first ? [own, newDefaultRoute(index, parseIp(gateway))] : [own];
  });
  return netlinkOp({
    what: `set up ${endpoint.interface} in the container`,
    from: `network ${network.name}`,
    namespace,
    messages: [setLink({ index, up: true }), ...addresses],
  });
}

/** The op that gives a namespace the default route of one of its connections. */
export function defaultRouteOp(
  { endpoint, network }: Omit<Connection, "bridge">,
  { namespace, index }: { namespace: Slot; index: number },
): Op {
  return netlinkOp({
    what: `route by ${endpoint.interface}`,
    from: `network ${network.name}`,
    namespace,
    messages: network.pools.map(({ gateway }) => newDefaultRoute(index, parseIp(gateway))),
  });
}

/** Ops that remove one connection, with its end in the container; one that is not there is no failure. */
export function disconnectOps({ link }: Endpoint): Op[] {
  return [
    netlinkOp({
      what: `remove link ${link}`,
      from: "network",
      messages: [deleteLink(link)],
      ignore: ["ENODEV"],
    }),
  ];
}

/** The op that lets go of a network namespace; that there is none is no failure. Unless somebody is in it, it goes with its links. */
export function releaseOp(path: string): Op {
  return { op: "releaseNamespace", from: "network", path };
}

/** The host's end of a container's link to a network. The same every time, so that a successor finds it. */
export function linkNameOf(container: string, network: string): string {
  return `veth${createHash("sha256").update(`${container} ${network}`).digest("hex").slice(0, 10)}`;
}

/** Links of a new namespace are numbered as they are named: lo is 1, eth0 is 2. */
function linkIndex(name: string): number {
  return LOOPBACK + 1 + Number(name.slice("eth".length));
}
