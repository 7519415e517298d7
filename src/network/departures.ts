import { setTimeout as sleep } from "node:timers/promises";
import { type Logger, TugError } from "../base/index.ts";
import { type Op, slotAllocator } from "../plan/index.ts";
import { disconnectOps, releaseOp } from "./attach.ts";
import { executeHost } from "./execute.ts";
import type { HostNetwork } from "./host.ts";
import type { Endpoint } from "./model.ts";
import type { NetworkStore } from "./store.ts";
import type { Switchboard } from "./switchboard.ts";

/**
 * Takes back what containers have of networks when they have ended: their ports at once, their links and namespaces a
 * little later and several together. To remove a link keeps the kernel's lock of all links for some 20 ms, for which
 * containers that start would wait, whereas namespaces that go at the same time take their links with them in one go.
 * On record, and so in nobody else's hands, is all of it until it has gone.
 */
export interface Departures extends AsyncDisposable {
  /** Begins. What fails is logged and stays on record, for `end` or the next engine. */
  begin(container: string): void;
  /** Has them all gone, now. */
  settle(): Promise<void>;
  /** Takes back what a container has, now. Nothing to take is no failure. */
  end(container: string): Promise<void>;
  /** Does something that may find taken what a container has that is leaving, and then once more when that has gone. */
  orAfter<T>(work: () => T | Promise<T>): Promise<T>;
}

export type DeparturesParts = {
  readonly host: HostNetwork;
  readonly logger: Logger;
  readonly store: NetworkStore;
  readonly switchboard: Switchboard;
  /** The file of a container's network namespace. */
  readonly pathOf: (container: string) => string;
};

/** How long a container's link waits for others to go with it, in milliseconds. */
const LINGERING = 250;
/** How long the kernel gets to remove the links of namespaces that have gone, in milliseconds. */
const REMOVAL = 20;
/** How many go in one plan. */
const CROWD = 100;

const occupied: ReadonlySet<string> = new Set([
  "NETWORK_PORT_TAKEN",
  "NETWORK_ADDRESS_TAKEN",
  "NETWORK_EXHAUSTED",
]);

type Group = {
  readonly containers: string[];
  readonly gone: PromiseWithResolvers<void>;
  readonly timer: NodeJS.Timeout;
};

/** Nobody is leaving yet. */
export function createDepartures(parts: DeparturesParts): Departures {
  const { store, switchboard, logger } = parts;
  const leaving = new Map<string, Promise<void>>();
  let group: Group | undefined;
  let waiting = 0;
  const go = (): void => {
    if (group === undefined) return;
    const { containers, gone, timer } = group;
    group = undefined;
    clearTimeout(timer);
    takeDown(parts, containers).then(gone.resolve, gone.reject);
  };
  const withOthers = (container: string): Promise<void> => {
    group ??= {
      containers: [],
      gone: Promise.withResolvers<void>(),
      timer: setTimeout(go, LINGERING),
    };
    const { containers, gone } = group;
    containers.push(container);
    if (containers.length >= CROWD) go();
    else if (waiting > 0) setImmediate(go);
    return gone.promise;
  };
  const leave = async (container: string): Promise<void> => {
    await switchboard.closePorts(container);
    await withOthers(container);
  };
  const begin = (container: string): Promise<void> => {
    const known = leaving.get(container);
    if (known !== undefined) return known;
    store.departing.add(container);
    const left = leave(container).finally(() => {
      leaving.delete(container);
      store.departing.delete(container);
    });
    leaving.set(container, left);
    left.catch((error: unknown) =>
      logger.log("warn", "network.departure", { container, error: String(error) }),
    );
    return left;
  };
  /** Whoever waits makes the others hurry. */
  const hurried = async <T>(work: () => Promise<T>): Promise<T> => {
    waiting += 1;
    setImmediate(go);
    try {
      return await work();
    } finally {
      waiting -= 1;
    }
  };
  const settle = async (): Promise<void> => {
    await hurried(() => Promise.allSettled(leaving.values()));
  };
  return {
    begin: (container) => void begin(container),
    settle,
    end: (container) => hurried(() => begin(container)),
    async orAfter(work) {
      try {
        return await work();
      } catch (error) {
        if (!(error instanceof TugError && occupied.has(error.code)) || leaving.size === 0) throw error;
        await settle();
        return await work();
      }
    },
    [Symbol.asyncDispose]: settle,
  };
}

/**
 * A link whose namespace somebody else keeps alive is removed by name: by that of its end on the host when the kernel has
 * had time for it, or inside while the namespace can still be found.
 */
async function takeDown(
  { host, store, pathOf }: DeparturesParts,
  containers: readonly string[],
): Promise<void> {
  const endpoints = containers.flatMap((container) => store.endpoints({ container }, { departing: true }));
  const slots = slotAllocator();
  const removal = (endpoint: Endpoint): Op[] =>
    disconnectOps(endpoint, { namespace: pathOf(endpoint.container), slot: slots.next() });
  await executeHost(host.helper, [
    ...endpoints.filter(({ link }) => link === undefined).flatMap(removal),
    ...containers.map((container) => releaseOp(pathOf(container))),
  ]);
  const linked = endpoints.filter(({ link }) => link !== undefined);
  if (linked.length > 0) {
    await sleep(REMOVAL);
    await executeHost(host.helper, linked.flatMap(removal));
  }
  store.together(() => {
    for (const container of containers) store.forget(container);
  });
}
