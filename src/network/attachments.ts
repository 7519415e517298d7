import { existsSync, mkdirSync } from "node:fs";
import { readdir } from "node:fs/promises";
import type { Logger } from "../base/index.ts";
import type { Helper } from "../helper/index.ts";
import { formatIp } from "./address/ip.ts";
import { takeAddress } from "./address/pool.ts";
import { attachOps, limitIngress } from "./attach.ts";
import type { Departures } from "./departures.ts";
import type { Connection } from "./drivers/driver.ts";
import { driverOf } from "./drivers/drivers.ts";
import { executeHost } from "./execute.ts";
import type { HostNetwork } from "./host.ts";
import type { Endpoint, NameLink, Network, Publication } from "./model.ts";
import type { Protocol } from "./nftables/ruleset.ts";
import { addPublications } from "./publish.ts";
import type { NetworkStore } from "./store.ts";
import type { Switchboard } from "./switchboard.ts";

/** What a container wants of networks when it starts. */
export type AttachRequest = {
  /** The first is the one that its default route leads through, of those with the highest priority that lead outside. */
  readonly networks: readonly NetworkWish[];
  readonly ports: readonly PortWish[];
};

export type NetworkWish = {
  /** Name or id. */
  readonly network: string;
  readonly aliases?: readonly string[];
  readonly links?: readonly NameLink[];
  readonly gatewayPriority?: number;
  readonly ipv4?: string;
  readonly ipv6?: string;
  readonly mac?: string;
};

export type PortWish = {
  readonly protocol: Protocol;
  readonly containerPort: number;
  /** 0.0.0.0 and :: are all addresses of their version of IP, an empty one is those of both, as far as the container has such. */
  readonly hostAddress: string;
  /** The first that is free is taken; 0 leaves the choice to the kernel. */
  readonly hostPorts: readonly number[];
};

/** What a container has got. */
export type Attachment = {
  /** The file of its network namespace. */
  readonly namespace: string;
  readonly endpoints: readonly Endpoint[];
  readonly publications: readonly Publication[];
};

/** How a container is connected. */
export type AttachOptions = {
  /** Makes the namespace and what is in it; left out: the helper of all networks. */
  readonly helper?: Pick<Helper, "execute">;
  /**
   * Called when it is on record what the container gets, while the kernel makes it, and waited for. When it rejects
   * nothing is left.
   */
  readonly onRecord?: (endpoints: readonly Endpoint[]) => Promise<void>;
};

/** What connecting containers needs. */
export type AttachmentParts = {
  readonly departures: Departures;
  readonly host: HostNetwork;
  readonly logger: Logger;
  readonly namespaces: string;
  /** The file of a container's network namespace. */
  readonly pathOf: (container: string) => string;
  readonly store: NetworkStore;
  readonly switchboard: Switchboard;
};

/** Attaches containers to networks. What is on record is there before the effect, so that a successor can undo it. */
export function createAttachments(parts: AttachmentParts) {
  const { departures, host, namespaces, pathOf, store, switchboard } = parts;
  return {
    async attach(
      container: string,
      request: AttachRequest,
      { helper = host.helper, onRecord = async () => {} }: AttachOptions = {},
    ): Promise<Attachment> {
      mkdirSync(namespaces, { recursive: true, mode: 0o711 });
      // Of its last run, or of an engine that could not take it back.
      if (hasTraces(parts, container)) await departures.end(container);
      const networks = request.networks.map(({ network }) => store.find(network));
      try {
        const endpoints = await departures.orAfter(() =>
          store.together(() =>
            networks.map((network, index) =>
              addEndpoint(store, { container, network, index, wish: request.networks[index] }),
            ),
          ),
        );
        const open = endpoints.filter((_, index) => publishes(networks[index] as Network));
        const publications = await addPublications(parts, container, {
          endpoints: open,
          ports: request.ports,
        });
        const making = switchboard.withUplinks(networks, async (uplinks) => {
          const connections = networks.map(
            (network, index): Connection => ({
              endpoint: endpoints[index] as Endpoint,
              network,
              uplink: uplinks[index] as number,
            }),
          );
          await executeHost(helper, attachOps(pathOf(container), connections));
          await limitIngress(host, connections);
        });
        await allOf([making, onRecord(endpoints)]);
        await switchboard.openPorts(publications);
        return { namespace: pathOf(container), endpoints, publications };
      } catch (error) {
        departures.begin(container);
        throw error;
      }
    },
    async recover(isRunning: (container: string) => boolean): Promise<void> {
      const known = [...store.endpoints("all"), ...store.publications()].map(({ container }) => container);
      const files = await readdir(namespaces).catch(() => []);
      const left = new Set([...known, ...files]);
      const ended = [...left].filter((container) => !isRunning(container));
      await Promise.allSettled(ended.map((container) => departures.end(container)));
    },
  };
}

/** Waits for all, and then fails with the first of them that failed. */
async function allOf(all: readonly Promise<void>[]): Promise<void> {
  const failed = (await Promise.allSettled(all)).find((each) => each.status === "rejected");
  if (failed !== undefined) throw failed.reason;
}

function hasTraces({ store, pathOf }: AttachmentParts, container: string): boolean {
  return store.endpoints({ container }, { departing: true }).length > 0 || existsSync(pathOf(container));
}

/** Whether ports of the machine can lead to a network: an internal one would not let the answers out. */
function publishes(network: Network): boolean {
  return driverOf(network).routedHere && !network.internal;
}

/** Puts a connection on record, with addresses that are free. @throws NETWORK_ADDRESS_TAKEN, NETWORK_EXHAUSTED */
export function addEndpoint(
  store: NetworkStore,
  to: { container: string; network: Network; index: number; wish: NetworkWish | undefined },
): Endpoint {
  const { container, network, index, wish } = to;
  const taken = store.addresses(network.id);
  const address = (family: 4 | 6): string | undefined => {
    const pool = network.pools.find(({ subnet }) => subnet.includes(":") === (family === 6));
    return pool && formatIp(takeAddress(pool, taken, family === 4 ? wish?.ipv4 : wish?.ipv6));
  };
  const [ipv4, ipv6] = [address(4), address(6)];
  const endpoint: Endpoint = {
    container,
    network: network.id,
    interface: `eth${index}`,
    ...driverOf(network).nameLink(network, { container, ipv4, mac: wish?.mac }),
    ipv4,
    ipv6,
    aliases: wish?.aliases ?? [],
    ...(wish?.links !== undefined && { links: wish.links }),
    ...(wish?.gatewayPriority !== undefined && { gatewayPriority: wish.gatewayPriority }),
  };
  store.addEndpoint(endpoint);
  return endpoint;
}
