import { readFileSync } from "node:fs";
import type { Logger } from "../base/index.ts";
import { parseIp } from "./address/ip.ts";
import { needsForwarder, parseResolvConf } from "./dns/resolvers.ts";
import { type DnsServer, type NameTable, serveNames } from "./dns/server.ts";
import { driverOf } from "./drivers/drivers.ts";
import { DEFAULT_NETWORK, type Endpoint, type Network } from "./model.ts";
import type { PublishedPort } from "./nftables/ruleset.ts";
import type { NetworkStore } from "./store.ts";

const DNS = 53;

/**
 * A name server per network, at its gateway. It listens on a port that is free and gets what is sent to port 53, because
 * a server of the host's may have that one on all addresses.
 */
export interface NameServers extends AsyncDisposable {
  /**
   * Serves a network whose gateway is there, if its containers need that: the default one only while the machine's own
   * servers cannot be reached from it.
   *
   * @returns whether the server is new
   */
  serve(network: Network): Promise<boolean>;
  stop(network: Network): Promise<void>;
  /** What leads to the servers, for the packet filter. */
  ports(): PublishedPort[];
}

/** Whether containers find each other by name at the network's gateway. */
export function answersNames(network: Network): boolean {
  return network.name !== DEFAULT_NETWORK && driverOf(network).routedHere;
}

export function createNameServers(store: NetworkStore, logger: Logger): NameServers {
  const servers = new Map<string, { server: DnsServer; gateway: string }>();
  const stop = async (id: string): Promise<void> => {
    const entry = servers.get(id);
    servers.delete(id);
    await entry?.server[Symbol.asyncDispose]();
  };
  return {
    async serve(network) {
      const gateway = network.pools.find(({ subnet }) => !subnet.includes(":"))?.gateway;
      if (!driverOf(network).routedHere || gateway === undefined || servers.has(network.id)) return false;
      if (network.name === DEFAULT_NETWORK && !needsForwarder(hostServers())) return false;
      const names = nameTable(store, network);
      const upstream = network.internal ? () => [] : hostServers;
      const server = await serveNames({ address: gateway, port: 0, names, upstream, logger });
      servers.set(network.id, { server, gateway });
      return true;
    },
    stop: ({ id }) => stop(id),
    ports: () =>
      [...servers.values()].flatMap(({ server, gateway }) => {
        const address = parseIp(gateway);
        return (["tcp", "udp"] as const).map((protocol) => ({
          host: address,
          hostPort: DNS,
          protocol,
          container: address,
          containerPort: server.port,
        }));
      }),
    async [Symbol.asyncDispose]() {
      for (const id of [...servers.keys()]) await stop(id);
    },
  };
}

/** The host's own servers, as they are now. */
export function hostServers(): readonly string[] {
  return parseResolvConf(readResolvConf()).servers;
}

/** Read at once: it is a few lines, and a container that starts would wait longer for its turn. */
function readResolvConf(): string {
  try {
    return readFileSync("/etc/resolv.conf", "utf8");
  } catch {
    return "";
  }
}

/**
 * Names as `web` and `web.NETWORK`, in any case, of this network and of the others that the asking container is on, and names
 * that it alone has for these.
 */
function nameTable(store: NetworkStore, network: Network): NameTable {
  return {
    addressesOf(name, asker) {
      if (network.name === DEFAULT_NETWORK) return undefined;
      const joined = endpointsOf(store, network, asker);
      const links = joined.flatMap((endpoint) => endpoint.links ?? []);
      const meant = links.find(({ alias }) => alias.toLowerCase() === name)?.name.toLowerCase() ?? name;
      const known = [network, ...othersOf(store, network, joined)]
        .map((each) => endpointsNamed(store, each, meant))
        .find((endpoints) => endpoints.length > 0);
      return known?.flatMap(({ ipv4, ipv6 }) => [ipv4, ipv6]).filter((ip) => ip !== undefined);
    },
    nameOf(address) {
      if (network.name === DEFAULT_NETWORK) return undefined;
      const endpoint = store
        .endpoints({ network: network.id })
        .find(({ ipv4, ipv6 }) => ipv4 === address || ipv6 === address);
      return endpoint?.aliases[0] && `${endpoint.aliases[0]}.${network.name}`;
    },
  };
}

function endpointsNamed(store: NetworkStore, { id, name }: Network, asked: string): Endpoint[] {
  const suffix = `.${name.toLowerCase()}`;
  const wanted = asked.endsWith(suffix) ? asked.slice(0, -suffix.length) : asked;
  return store
    .endpoints({ network: id })
    .filter(({ aliases }) => aliases.some((alias) => alias.toLowerCase() === wanted));
}

/** All connections of the container that has an address in a network. */
function endpointsOf(store: NetworkStore, { id }: Network, address: string): Endpoint[] {
  const asker = store
    .endpoints({ network: id })
    .find(({ ipv4, ipv6 }) => ipv4 === address || ipv6 === address);
  return asker === undefined ? [] : store.endpoints({ container: asker.container });
}

/** The further networks, with names, that a container is on. */
function othersOf(store: NetworkStore, { id }: Network, endpoints: readonly Endpoint[]): Network[] {
  const joined = new Set(endpoints.map(({ network }) => network));
  return store
    .list()
    .filter((other) => other.id !== id && other.name !== DEFAULT_NETWORK && joined.has(other.id));
}
