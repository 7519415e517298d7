import { createMutex } from "../base/index.ts";
import { filterPackets, findLink, type HostNetwork, makeBridge } from "./bridge.ts";
import type { Network } from "./model.ts";
import type { NetworkStore } from "./store.ts";

/** The bridges and the packet filter that networks need: made when they are needed, and again when they are gone. */
export interface Switchboard {
  /** Makes what a network lacks and returns the index of its bridge. */
  connect(network: Network): Promise<number>;
  /** Makes the packet filter anew from what is on record, but for the ports of a container that is leaving. */
  refilter(leaving?: string): Promise<void>;
}

export function createSwitchboard(host: HostNetwork, store: NetworkStore): Switchboard {
  /** Networks whose bridge and rules this engine has made, by id. */
  const made = new Set<string>();
  const alone = createMutex();
  const refilter = (leaving?: string): Promise<void> => {
    const publications = store.publications().filter(({ container }) => container !== leaving);
    return filterPackets(host, store.list(), publications);
  };
  return {
    connect: (network) =>
      alone.run(async () => {
        const link = made.has(network.id) ? await findLink(host, network.bridge) : undefined;
        if (link !== undefined) return link.index;
        const index = await makeBridge(host, network);
        await refilter();
        made.add(network.id);
        return index;
      }),
    refilter: (leaving) => alone.run(() => refilter(leaving)),
  };
}
