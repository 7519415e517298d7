import { createMutex, TugError } from "../base/index.ts";
import {
  filterOp,
  filterPackets,
  findLink,
  type HostNetwork,
  makeBridge,
  publishedPort,
  removeBridge,
  removeFilter,
} from "./bridge.ts";
import { executeHost } from "./execute.ts";
import type { Network, Publication } from "./model.ts";
import { createNameServers } from "./name-servers.ts";
import type { Change } from "./nftables/objects.ts";
import { publishPorts, withdrawPorts } from "./nftables/ruleset.ts";
import type { NetworkStore } from "./store.ts";

/** The bridges, name servers and packet filter that networks need: made when they are needed, and again when they are gone. */
export interface Switchboard extends AsyncDisposable {
  /** Makes what a network lacks, as far as this engine knows. */
  connect(network: Network): Promise<number>;
  /**
   * Does something with the indexes of networks' bridges. If it fails and somebody has removed one of them, that is made
   * again, and the work done again.
   */
  withBridges<T>(networks: readonly Network[], work: (bridges: readonly number[]) => Promise<T>): Promise<T>;
  /** Opens ports of the host that are on record. */
  openPorts(publications: readonly Publication[]): Promise<void>;
  /** Closes the ports of a container that is departing, and forgets them. */
  closePorts(container: string): Promise<void>;
  /** Closes ports of the host that are on record no more. */
  withdraw(publications: readonly Publication[]): Promise<void>;
  /** Takes away what a network had that is on record no more. */
  remove(network: Network): Promise<void>;
  /** Takes away bridges that no container is connected to; after the last one the packet filter goes too. */
  retire(networks: readonly Network[]): Promise<void>;
}

/** What the kernel says where the table is not what our record says: it lacks something, or a port leads elsewhere. */
const differs: ReadonlySet<unknown> = new Set(["ENOENT", "EEXIST"]);

export function createSwitchboard(host: HostNetwork, store: NetworkStore): Switchboard {
  /** Indexes of the bridges that this engine has made with their rules, by network. */
  const made = new Map<string, number>();
  const alone = createMutex();
  const nameServers = createNameServers(store, host.logger);
  /** Makes the packet filter anew from what is on record. */
  const refilter = (): Promise<void> => {
    const publications = store.publications();
    return filterPackets(host, { networks: store.list(), publications, more: nameServers.ports() });
  };
  /** Where our table has gone with somebody's reload of the firewall, or has another's port, it is made anew. */
  const change = async (what: string, changes: readonly Change[]): Promise<void> => {
    if (changes.length === 0) return;
    try {
      await executeHost(host.helper, [filterOp(what, changes)]);
    } catch (error) {
      if (!(error instanceof TugError && differs.has(error.details.errno))) throw error;
      await refilter();
    }
  };
  const withdraw = (publications: readonly Publication[]): Promise<void> =>
    alone.run(() => change("take ports back", withdrawPorts(host.table, publications.map(publishedPort))));
  const connect = (network: Network): Promise<number> =>
    alone.run(async () => {
      const known = made.get(network.id);
      const index = known ?? (await makeBridge(host, network));
      if (known === undefined) await nameServers.stop(network);
      const serves = await nameServers.serve(network);
      if (known === undefined || serves) await refilter();
      made.set(network.id, index);
      return index;
    });
  /** Forgets bridges that are not there any more, and says whether there are such. */
  const misses = async (networks: readonly Network[]): Promise<boolean> => {
    let missing = false;
    for (const network of networks) {
      const link = await findLink(host, network.bridge);
      if (link !== undefined && link.index === made.get(network.id)) continue;
      made.delete(network.id);
      missing = true;
    }
    return missing;
  };
  return {
    connect,
    async withBridges(networks, work) {
      const bridges = await Promise.all(networks.map(connect));
      try {
        return await work(bridges);
      } catch (error) {
        if (!(await misses(networks))) throw error;
        return await work(await Promise.all(networks.map(connect)));
      }
    },
    openPorts: (publications) =>
      alone.run(() => change("publish ports", publishPorts(host.table, publications.map(publishedPort)))),
    async closePorts(container) {
      const publications = store.publications(container, { departing: true });
      if (publications.length === 0) return;
      await withdraw(publications);
      for (const publication of publications) store.removePublication(publication);
    },
    withdraw,
    remove: (network) =>
      alone.run(async () => {
        const wasMade = made.delete(network.id) || (await findLink(host, network.bridge)) !== undefined;
        await nameServers.stop(network);
        if (wasMade) await removeBridge(host, network);
        // Where nothing was made there is no table, and none is made for nothing.
        if (wasMade || made.size > 0) await refilter();
      }),
    retire: (networks) =>
      alone.run(async () => {
        for (const network of networks) {
          if ((await findLink(host, network.bridge)) === undefined) continue;
          made.delete(network.id);
          await removeBridge(host, network);
        }
        if (networks.length === store.list().length) await removeFilter(host);
      }),
    [Symbol.asyncDispose]: () => nameServers[Symbol.asyncDispose](),
  };
}
