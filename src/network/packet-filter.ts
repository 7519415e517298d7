import { parseIp, parseSubnet } from "./address/ip.ts";
import { executeHost } from "./execute.ts";
import type { HostNetwork } from "./host.ts";
import { isBridge, type Network, type Publication } from "./model.ts";
import { decodeAnswers } from "./netlink/datagram.ts";
import { netlinkOp } from "./netlink/op.ts";
import { listChains, tablesOf } from "./nftables/chains.ts";
import { batchOf, type Change, deleteTable, newTable } from "./nftables/objects.ts";
import { type PublishedPort, ruleset } from "./nftables/ruleset.ts";
import { isWildcard } from "./store.ts";

const LISTED = 1;

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
  const filtered = networks.filter(isBridge).map(({ bridge, pools, internal, open, masquerade = true }) => ({
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
    tag: LISTED,
    // A kernel without a packet filter, or one that is not ours to look at, has no table of ours.
    ignore: ["EPERM", "EOPNOTSUPP", "EINVAL", "ENOENT"],
  });
  const answers = decodeAnswers((await executeHost(helper, [list])).get(LISTED) ?? Buffer.alloc(0));
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
