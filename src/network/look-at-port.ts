import { readFile } from "node:fs/promises";
import { executeHost } from "./execute.ts";
import { findLink, type HostNetwork } from "./host.ts";
import { listenersAt } from "./listeners.ts";
import { type BridgeNetwork, isBridge, type Publication } from "./model.ts";
import { decodeAnswers } from "./netlink/datagram.ts";
import { netlinkOp } from "./netlink/op.ts";
import { listChains, type StrictChain, strictChainsOf } from "./nftables/chains.ts";
import { findPort, type Protocol } from "./nftables/ruleset.ts";
import { publishedPort } from "./packet-filter.ts";
import type { Shortcut } from "./shortcut/shortcut.ts";
import type { NetworkStore } from "./store.ts";

/** What is known of a port of the machine. */
export type PortFacts = {
  /** Addresses at which programs of the machine wait for somebody there. */
  readonly listeners: readonly string[];
  readonly publications: readonly PublicationFacts[];
  /** Chains of others that drop what is forwarded unless one of their rules accepts it. */
  readonly strictChains: readonly StrictChain[];
};

export type PublicationFacts = {
  readonly publication: Publication;
  /** Of the container's address; undefined: it has left that network. */
  readonly network: BridgeNetwork | undefined;
  /** Whether the packet filter has it. */
  readonly isOpen: boolean;
  /** Whether this machine's programs get there over loopback without the packet filter. */
  readonly isShort: boolean;
  readonly hasBridge: boolean;
  /** Whether the kernel sends packets on from link to link. */
  readonly routes: boolean;
  /** Whether it does so with those to 127.0.0.1. */
  readonly routesLoopback: boolean;
};

const FOUND = 1;

type Parts = {
  readonly host: HostNetwork;
  readonly store: NetworkStore;
  readonly shortcut: Shortcut | undefined;
};

/** Looks at a port of the machine, in our records and in the kernel. Changes nothing. */
export async function lookAtPort(parts: Parts, protocol: Protocol, port: number): Promise<PortFacts> {
  const { host, store } = parts;
  const published = store
    .publications()
    .filter((each) => each.hostPort === port && each.protocol === protocol);
  return {
    listeners: protocol === "sctp" ? [] : ((await listenersAt("/proc/net", protocol, port)) ?? []),
    publications: await Promise.all(published.map((publication) => lookAt(parts, publication))),
    strictChains: await strictChains(host),
  };
}

async function lookAt({ host, store, shortcut }: Parts, publication: Publication): Promise<PublicationFacts> {
  const { container, containerAddress } = publication;
  const endpoint = store
    .endpoints({ container })
    .find(({ ipv4, ipv6 }) => ipv4 === containerAddress || ipv6 === containerAddress);
  const networks = endpoint === undefined ? [] : [store.find(endpoint.network)];
  const network = networks.find(isBridge);
  const ipv6 = containerAddress.includes(":");
  return {
    publication,
    network,
    isOpen: await hasPort(host, publication),
    isShort: shortcut?.has(publishedPort(publication)) === true,
    hasBridge: network !== undefined && (await findLink(host, network.bridge))?.up === true,
    routes: await isOn(ipv6 ? "ipv6/conf/all/forwarding" : "ipv4/ip_forward"),
    routesLoopback:
      !ipv6 && network !== undefined && (await isOn(`ipv4/conf/${network.bridge}/route_localnet`)),
  };
}

async function hasPort({ helper, table }: HostNetwork, publication: Publication): Promise<boolean> {
  const message = findPort(table, publishedPort(publication));
  const what = `look for port ${publication.hostPort}`;
  const request = { what, from: "network", protocol: "NETFILTER", messages: [message] } as const;
  const data = await executeHost(helper, [netlinkOp({ ...request, tag: FOUND, ignore: ["ENOENT"] })]);
  return decodeAnswers(data.get(FOUND) ?? Buffer.alloc(0)).length > 0;
}

async function strictChains({ helper, table }: HostNetwork): Promise<StrictChain[]> {
  const request = {
    what: "list chains",
    from: "network",
    protocol: "NETFILTER",
    messages: [listChains()],
  } as const;
  const data = await executeHost(helper, [netlinkOp({ ...request, tag: FOUND })]);
  const chains = strictChainsOf(decodeAnswers(data.get(FOUND) ?? Buffer.alloc(0)));
  return chains.filter((chain) => chain.table !== table);
}

async function isOn(setting: string): Promise<boolean> {
  return (await readFile(`/proc/sys/net/${setting}`, "utf8").catch(() => "0")).trim() !== "0";
}
