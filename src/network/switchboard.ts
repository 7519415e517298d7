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
  /** Makes what a network lacks and returns the index of its bridge. */
  connect(network: Network): Promise<number>;
  /** Opens ports of the host that are on record. */
  openPorts(publications: readonly Publication[]): Promise<void>;
  /** Closes the ports of a container, then does the rest of its leaving; until that has ended they stay closed. */
  closePorts(container: string, leave: () => Promise<void>): Promise<void>;
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
  /** Networks whose bridge and rules this engine has made, by id. */
  const made = new Set<string>();
  const alone = createMutex();
  const nameServers = createNameServers(store, host.logger);
  /** Containers whose ports are still on record and do not count any more. */
  const leaving = new Set<string>();
  /** Makes the packet filter anew from what is on record. */
  const refilter = (): Promise<void> => {
    const publications = store.publications().filter(({ container }) => !leaving.has(container));
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
  return {
    connect: (network) =>
      alone.run(async () => {
        const link = made.has(network.id) ? await findLink(host, network.bridge) : undefined;
        const index = link?.index ?? (await makeBridge(host, network));
        if (link === undefined) await nameServers.stop(network);
        const serves = await nameServers.serve(network);
        if (link === undefined || serves) await refilter();
        made.add(network.id);
        return index;
      }),
    openPorts: (publications) =>
      alone.run(() => change("publish ports", publishPorts(host.table, publications.map(publishedPort)))),
    async closePorts(container, leave) {
      leaving.add(container);
      try {
        await withdraw(store.publications(container));
        await leave();
      } finally {
        leaving.delete(container);
      }
    },
    withdraw,
    remove: (network) =>
      alone.run(async () => {
        made.delete(network.id);
        await nameServers.stop(network);
        await removeBridge(host, network);
        await refilter();
      }),
    retire: (networks) =>
      alone.run(async () => {
        let left = false;
        for (const network of networks) {
          if ((await findLink(host, network.bridge)) === undefined) continue;
          left = true;
          made.delete(network.id);
          await removeBridge(host, network);
        }
        if (left && networks.length === store.list().length) await removeFilter(host);
      }),
    [Symbol.asyncDispose]: () => nameServers[Symbol.asyncDispose](),
  };
}
