import type { MonitorControl } from "../../helper/index.ts";

/** What is known of a container only while this engine lives. */
export type LiveContainer = {
  /** Connection to its monitor; absent unless it runs. */
  control: MonitorControl | undefined;
  /** Clients that attached before there was a monitor; connected before the program begins. */
  readonly waitingClients: Set<(directory: string) => Promise<void>>;
  /** Told when the container has ended, with its exit code. */
  readonly endListeners: Set<(end: ContainerEnd) => void>;
  /** Told when the container has been removed. */
  readonly removalListeners: Set<() => void>;
  /** Exit code of the last end, for whoever waits for the removal. */
  lastEnd: ContainerEnd | undefined;
  /** Resolved when nothing of the last run is left: a new one may use the run directory. */
  settled: Promise<void>;
};

/** How a container ended. */
export type ContainerEnd = { readonly exitCode: number; readonly error?: string | undefined };

/** The live side of every container, by id. */
export type LiveContainers = {
  get(id: string): LiveContainer;
  forget(id: string): void;
};

/** An empty table; entries are made when asked for. */
export function liveContainers(): LiveContainers {
  const table = new Map<string, LiveContainer>();
  return {
    get(id) {
      const entry = table.get(id) ?? {
        control: undefined,
        waitingClients: new Set(),
        endListeners: new Set(),
        removalListeners: new Set(),
        lastEnd: undefined,
        settled: Promise.resolve(),
      };
      table.set(id, entry);
      return entry;
    },
    forget: (id) => void table.delete(id),
  };
}
