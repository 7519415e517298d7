import { createMutex, TugError } from "../base/index.ts";
import { driverOf } from "./drivers/drivers.ts";
import { executeHost } from "./execute.ts";
import { findLink, type HostNetwork } from "./host.ts";
import type { Network, Publication } from "./model.ts";
import { createNameServers } from "./name-servers.ts";
import type { Link } from "./netlink/link.ts";
import type { Change } from "./nftables/objects.ts";
import { type PublishedPort, publishPorts, withdrawPorts } from "./nftables/ruleset.ts";
import { filterOp, filterPackets, publishedPort, removeFilter } from "./packet-filter.ts";
import type { Shortcut } from "./shortcut/shortcut.ts";
import type { NetworkStore } from "./store.ts";

/** The links of the host, name servers and packet filter that networks need: made when they are needed, and again when they are gone. */
export interface Switchboard extends AsyncDisposable {
  /** Makes what a network lacks, as far as this engine knows. */
  connect(network: Network): Promise<number>;
  /**
   * Does something with the indexes of networks' links on the host. If it fails and somebody has removed one of them, that is made
   * again, and the work done again.
   */
  withUplinks<T>(networks: readonly Network[], work: (uplinks: readonly number[]) => Promise<T>): Promise<T>;
  /** Opens ports of the host that are on record. */
  openPorts(publications: readonly Publication[]): Promise<void>;
  /** Closes the ports of a container that is departing, and forgets them. */
  closePorts(container: string): Promise<void>;
  /** Closes ports of the host that are on record no more. */
  withdraw(publications: readonly Publication[]): Promise<void>;
  /** Takes away what a network had that is on record no more. */
  remove(network: Network): Promise<void>;
  /** Takes away links of networks that no container is connected to; after the last one the packet filter goes too. */
  retire(networks: readonly Network[]): Promise<void>;
}

/** What the kernel says where the table is not what our record says: it lacks something, or a port leads elsewhere. */
const differs: ReadonlySet<unknown> = new Set(["ENOENT", "EEXIST"]);

/** @param shortcut that leads to published ports besides the packet filter; left out: none */
export function createSwitchboard(host: HostNetwork, store: NetworkStore, shortcut?: Shortcut): Switchboard {
  /** Indexes of the links that this engine has made or found, with their rules, by network. */
  const made = new Map<string, number>();
  const alone = createMutex();
  const nameServers = createNameServers(store, host.logger);
  /** Makes the packet filter anew from what is on record. */
  const refilter = async (): Promise<void> => {
    const publications = store.publications();
    await filterPackets(host, { networks: store.list(), publications, more: nameServers.ports() });
    await shortcut?.open(published(), published);
  };
  const published = (): PublishedPort[] => store.publications().map(publishedPort);
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
    alone.run(async () => {
      const ports = publications.map(publishedPort);
      await shortcut?.close(ports);
      await change("take ports back", withdrawPorts(host.table, ports));
    });
  const connect = (network: Network): Promise<number> =>
    alone.run(async () => {
      const known = made.get(network.id);
      const index = known ?? (await driverOf(network).makeUplink(host, network));
      if (known === undefined) await nameServers.stop(network);
      const serves = await nameServers.serve(network);
      if (isFiltered(network) && (known === undefined || serves)) await refilter();
      made.set(network.id, index);
      return index;
    });
  const uplinkOf = (network: Network): Promise<Link | undefined> =>
    findLink(host, driverOf(network).uplink(network));
  const removeUplink = (network: Network, others: readonly Network[]): Promise<void> =>
    driverOf(network).removeUplink(host, network, others);
  /** Forgets links that are not there any more, and says whether there are such. */
  const misses = async (networks: readonly Network[]): Promise<boolean> => {
    let missing = false;
    for (const network of networks) {
      const link = await uplinkOf(network);
      if (link !== undefined && link.index === made.get(network.id)) continue;
      made.delete(network.id);
      missing = true;
    }
    return missing;
  };
  return {
    connect,
    async withUplinks(networks, work) {
      const uplinks = await Promise.all(networks.map(connect));
      try {
        return await work(uplinks);
      } catch (error) {
        if (!(await misses(networks))) throw error;
        return await work(await Promise.all(networks.map(connect)));
      }
    },
    openPorts: (publications) =>
      alone.run(async () => {
        const ports = publications.map(publishedPort);
        await change("publish ports", publishPorts(host.table, ports));
        await shortcut?.open(ports, published);
      }),
    async closePorts(container) {
      const publications = store.publications(container, { departing: true });
      if (publications.length === 0) return;
      await withdraw(publications);
      for (const publication of publications) store.removePublication(publication);
    },
    withdraw,
    remove: (network) =>
      alone.run(async () => {
        const wasMade = made.delete(network.id) || (await uplinkOf(network)) !== undefined;
        await nameServers.stop(network);
        if (wasMade) await removeUplink(network, store.list());
        // Where nothing was made there is no table, and none is made for nothing.
        if (isFiltered(network) && (wasMade || made.size > 0)) await refilter();
      }),
    retire: (networks) =>
      alone.run(async () => {
        const others = store.list().filter(({ id }) => !networks.some((network) => network.id === id));
        for (const network of networks) {
          if ((await uplinkOf(network)) === undefined) continue;
          made.delete(network.id);
          await removeUplink(network, others);
        }
        if (others.length === 0) await removeFilter(host);
      }),
    [Symbol.asyncDispose]: () => nameServers[Symbol.asyncDispose](),
  };
}

/** Whether the packet filter has rules for a network: what goes beside the machine does not come by it. */
function isFiltered(network: Network): boolean {
  return driverOf(network).routedHere;
}
