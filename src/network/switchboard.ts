import { createMutex } from "../base/index.ts";
import { filterPackets, findLink, type HostNetwork, makeBridge, removeBridge } from "./bridge.ts";
import type { Network } from "./model.ts";
import { createNameServers } from "./name-servers.ts";
import type { NetworkStore } from "./store.ts";

/** The bridges, name servers and packet filter that networks need: made when they are needed, and again when they are gone. */
export interface Switchboard extends AsyncDisposable {
  /** Makes what a network lacks and returns the index of its bridge. */
  connect(network: Network): Promise<number>;
  /** Makes the packet filter anew from what is on record, but for the ports of a container that is leaving. */
  refilter(leaving?: string): Promise<void>;
  /** Takes away what a network had that is on record no more. */
  remove(network: Network): Promise<void>;
}

/** @param hasNames whether names are served in a network */
export function createSwitchboard(
  host: HostNetwork,
  store: NetworkStore,
  hasNames: (network: Network) => boolean,
): Switchboard {
  /** Networks whose bridge and rules this engine has made, by id. */
  const made = new Set<string>();
  const alone = createMutex();
  const nameServers = createNameServers(store, host.logger);
  const refilter = (leaving?: string): Promise<void> => {
    const publications = store.publications().filter(({ container }) => container !== leaving);
    return filterPackets(host, { networks: store.list(), publications, more: nameServers.ports() });
  };
  return {
    connect: (network) =>
      alone.run(async () => {
        const link = made.has(network.id) ? await findLink(host, network.bridge) : undefined;
        if (link !== undefined) return link.index;
        const index = await makeBridge(host, network);
        await nameServers.stop(network);
        if (hasNames(network)) await nameServers.serve(network);
        await refilter();
        made.add(network.id);
        return index;
      }),
    refilter: (leaving) => alone.run(() => refilter(leaving)),
    remove: (network) =>
      alone.run(async () => {
        made.delete(network.id);
        await nameServers.stop(network);
        await removeBridge(host, network);
        await refilter();
      }),
    [Symbol.asyncDispose]: () => nameServers[Symbol.asyncDispose](),
  };
}
