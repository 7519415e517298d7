import { writeFile } from "node:fs/promises";
import type { Logger } from "../base/index.ts";
import { errnoOf } from "../base/index.ts";
import type { Helper } from "../helper/index.ts";
import { parseIp, parseSubnet } from "./address/ip.ts";
import { macBytes, macOf } from "./address/mac.ts";
import { executeHost } from "./execute.ts";
import { hasIpv6, type Network, type Publication } from "./model.ts";
import { newAddress } from "./netlink/address.ts";
import { decodeAnswers } from "./netlink/datagram.ts";
import { deleteLink, getLink, type Link, linksOf, newBridge, setLink } from "./netlink/link.ts";
import { netlinkOp } from "./netlink/op.ts";
import { listChains, tablesOf } from "./nftables/chains.ts";
import { batchOf, type Change, deleteTable, newTable } from "./nftables/objects.ts";
import { type PublishedPort, ruleset } from "./nftables/ruleset.ts";
import { isWildcard } from "./store.ts";

/** What changes the host's network. */
export type HostNetwork = {
  readonly helper: Helper;
  readonly logger: Logger;
  /** Name of our table of the packet filter. */
  readonly table: string;
};

const TAG = 1;
/** Where the kernel keeps what it does with packets, by link. Below the network namespace that the engine is in. */
const SETTINGS = "/proc/sys/net";

/** A link of the host; undefined where there is none of that name. */
export async function findLink({ helper }: HostNetwork, name: string): Promise<Link | undefined> {
  const op = netlinkOp({
    what: `find link ${name}`,
    from: "network",
    messages: [getLink(name)],
    tag: TAG,
    ignore: ["ENODEV"],
  });
  const data = await executeHost(helper, [op]);
  return linksOf(decodeAnswers(data.get(TAG) ?? Buffer.alloc(0)))[0];
}

/**
 * Makes a network's bridge, or takes up the one that is there, and lets the kernel route for it.
 *
 * @returns the bridge's index
 */
export async function makeBridge(host: HostNetwork, network: Network): Promise<number> {
  const { bridge, mtu, name, pools } = network;
  const from = `network ${name}`;
  // A bridge without one of its own has that of a port, and with the ports it changes under the containers.
  const ipv4 = pools.find(({ subnet }) => !subnet.includes(":"))?.gateway;
  const address = macBytes(macOf(network.id, ipv4));
  const create = netlinkOp({
    what: `make bridge ${bridge}`,
    from,
    messages: [newBridge({ name: bridge, address, mtu })],
    ignore: ["EEXIST"],
  });
  const describe = netlinkOp({
    what: `set up bridge ${bridge}`,
    from,
    messages: [setLink({ name: bridge, address, up: true, alias: `tug network ${name}`.slice(0, 200) })],
  });
  await executeHost(host.helper, [create]);
  await setUpKernel(host, network);
  await executeHost(host.helper, [describe]);
  const link = await findLink(host, bridge);
  if (link === undefined) throw new Error(`bridge ${bridge} is gone again`);
  const addresses = pools.map(({ subnet, gateway }) =>
    netlinkOp({
      what: `give ${gateway} to bridge ${bridge}`,
      from,
      messages: [newAddress(link.index, parseIp(gateway), parseSubnet(subnet).prefix)],
      ignore: ["EEXIST"],
    }),
  );
  await executeHost(host.helper, addresses);
  return link.index;
}

/** Removes a network's bridge; that there is none is no failure. */
export async function removeBridge({ helper }: HostNetwork, { bridge, name }: Network): Promise<void> {
  const op = netlinkOp({
    what: `remove bridge ${bridge}`,
    from: `network ${name}`,
    messages: [deleteLink(bridge)],
    ignore: ["ENODEV"],
  });
  await executeHost(helper, [op]);
}

/** The op that makes a batch of changes to the packet filter. */
export function filterOp(what: string, changes: readonly Change[]) {
  return netlinkOp({ what, from: "network", protocol: "NETFILTER", messages: batchOf(changes) });
}

/** Makes our table of the packet filter anew. */
export async function filterPackets(
  { helper, table }: HostNetwork,
  contents: {
    readonly networks: readonly Network[];
    readonly publications: readonly Publication[];
    /** Ports that lead elsewhere than to containers. */
    readonly more: readonly PublishedPort[];
  },
): Promise<void> {
  const { networks, publications, more } = contents;
  const filtered = networks.map(({ bridge, pools, internal, open, masquerade = true }) => ({
    bridge,
    internal,
    open,
    masquerade,
    subnets: pools.map(({ subnet }) => parseSubnet(subnet)),
  }));
  const changes = ruleset(table, {
    networks: filtered,
    ports: [...publications.map(publishedPort), ...more],
  });
  await executeHost(helper, [filterOp(`set the rules of table ${table}`, changes)]);
}

/** Removes our table of the packet filter; that there is none is no failure. */
export async function removeFilter({ helper, table }: HostNetwork): Promise<void> {
  const list = netlinkOp({
    what: "list chains",
    from: "network",
    protocol: "NETFILTER",
    messages: [listChains()],
    tag: TAG,
    // A kernel without a packet filter, or one that is not ours to look at, has no table of ours.
    ignore: ["EPERM", "EOPNOTSUPP", "EINVAL", "ENOENT"],
  });
  const answers = decodeAnswers((await executeHost(helper, [list])).get(TAG) ?? Buffer.alloc(0));
  if (!tablesOf(answers).has(table)) return;
  await executeHost(helper, [filterOp(`remove table ${table}`, [newTable(table), deleteTable(table)])]);
}

/** A publication as the packet filter sees it. */
export function publishedPort(publication: Publication): PublishedPort {
  const { hostAddress, hostPort, protocol, containerAddress, containerPort } = publication;
  return {
    host: isWildcard(hostAddress) ? undefined : parseIp(hostAddress),
    hostPort,
    protocol,
    container: parseIp(containerAddress),
    containerPort,
  };
}

/**
 * Routing between links, and of addresses of loopback to the bridge, which published ports on 127.0.0.1 need. The machine
 * takes no container for a router (CVE-2020-10749), and has no address of IPv6 on the bridge that it was not given. It does
 * not look for a second for others with its own address there: meanwhile it could ask for nobody's.
 */
async function setUpKernel({ logger }: HostNetwork, network: Network): Promise<void> {
  const { bridge, pools, internal } = network;
  const routing = pools.flatMap(({ subnet }) => {
    if (internal) return [];
    if (subnet.includes(":")) return ["ipv6/conf/all/forwarding"];
    return ["ipv4/ip_forward", `ipv4/conf/${bridge}/route_localnet`];
  });
  const settings: [setting: string, value: number][] = [
    [`ipv6/conf/${bridge}/accept_ra`, 0],
    [`ipv6/conf/${bridge}/accept_dad`, 0],
    [`ipv6/conf/${bridge}/disable_ipv6`, hasIpv6(network) ? 0 : 1],
    ...routing.map((setting): [string, number] => [setting, 1]),
  ];
  for (const [setting, value] of settings) {
    try {
      await writeFile(`${SETTINGS}/${setting}`, `${value}\n`);
    } catch (error) {
      // A kernel without IPv6.
      if (errnoOf(error) === "ENOENT" && setting.startsWith("ipv6/")) continue;
      logger.log("warn", "network.setting", { setting, error: String(error) });
    }
  }
}
