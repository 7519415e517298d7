import { join } from "node:path";
import type { Database, Logger } from "../base/index.ts";
import type { Helper } from "../helper/index.ts";
import type { Attachment, AttachOptions, AttachRequest, NetworkWish } from "./attachments.ts";
import { createAttachments } from "./attachments.ts";
import { createNetwork, moveNetwork } from "./create.ts";
import { createDepartures } from "./departures.ts";
import { driverOf } from "./drivers/drivers.ts";
import { networkError } from "./errors.ts";
import { findLink } from "./host.ts";
import { type Joiner, joinNetwork, leaveNetwork } from "./join.ts";
import { lookAtPort, type PortFacts } from "./look-at-port.ts";
import {
  DEFAULT_NETWORK,
  type Endpoint,
  type Network,
  type NetworkRequest,
  type Publication,
} from "./model.ts";
import type { Protocol } from "./nftables/ruleset.ts";
import type { Shortcut } from "./shortcut/shortcut.ts";
import { networkStore } from "./store.ts";
import { createSwitchboard } from "./switchboard.ts";

export type NetworksOptions = {
  /** Opened with `networkMigrations`. */
  readonly database: Database;
  readonly helper: Helper;
  readonly logger: Logger;
  /** Leads to published ports over loopback besides the packet filter; left out: nothing does. Closed by whoever opened it. */
  readonly shortcut?: Shortcut;
  /** Directory for the files that keep network namespaces alive. */
  readonly namespaces: string;
  /** What the engine calls its things in the kernel, where several engines share a machine: letters and digits, at most 8. */
  readonly prefix: string;
};

/** Networks of containers, and who is connected to them. */
export interface Networks extends AsyncDisposable {
  /** @throws NETWORK_NAME_TAKEN, NETWORK_ADDRESS, NETWORK_EXHAUSTED */
  create(request: NetworkRequest): Promise<Network>;
  /** @throws NETWORK_NOT_FOUND, NETWORK_IN_USE */
  remove(reference: string): Promise<void>;
  /** In the order they were made; the default network is the first. */
  list(): Network[];
  /**
   * Finds out whether this machine can have the default network, by making it. Once it was there nothing is done: whoever
   * is attached gets what is missing then.
   *
   * @throws NETWORK_EXHAUSTED, HELPER_NETWORK
   */
  prepareDefault(): Promise<void>;
  /** By full id, name, or an unambiguous beginning of an id. @throws NETWORK_NOT_FOUND, NETWORK_AMBIGUOUS */
  find(reference: string): Network;
  endpoints(by: { readonly container: string } | { readonly network: string }): Endpoint[];
  publications(container: string): Publication[];
  /** What is known of a port of the machine, on record and in the kernel. */
  lookAtPort(protocol: Protocol, port: number): Promise<PortFacts>;
  /**
   * Gives a container that is about to start its network namespace, addresses and ports. What fails leaves nothing.
   *
   * @throws NETWORK_*, RUNTIME_NETWORK
   */
  attach(container: string, request: AttachRequest, options?: AttachOptions): Promise<Attachment>;
  /** Connects a container that runs to one more network. @throws NETWORK_CONNECTED, NETWORK_*, RUNTIME_NETWORK */
  join(joiner: Joiner, wish: NetworkWish): Promise<Endpoint>;
  /** Takes a container that runs from a network. @throws NETWORK_NOT_CONNECTED, NETWORK_NOT_FOUND */
  leave(joiner: Joiner, network: string): Promise<void>;
  /** Has a container found by another name, as the first of its aliases, on the networks that it is on. */
  rename(container: string, name: string): void;
  /** The file that keeps a container's network namespace alive, while it is attached. */
  namespaceOf(container: string): string;
  /** Takes all of that back, beginning with the ports, and is not waited for: a container has ended. */
  leaveSoon(container: string): void;
  /** Takes all of that back, now. Nothing to take is no failure. */
  detach(container: string): Promise<void>;
  /** Takes back what containers have that do not run any more, and serves those that do. */
  recover(isRunning: (container: string) => boolean): Promise<void>;
}

/**
 * Opens the networks of an engine. Nothing is made in the kernel before a container needs it, and when they are closed,
 * what no container uses goes from there.
 */
export async function openNetworks(options: NetworksOptions): Promise<Networks> {
  const { database, helper, logger, prefix, shortcut } = options;
  const store = networkStore(database);
  const host = { helper, logger, table: prefix };
  const switchboard = createSwitchboard(host, store, shortcut);
  const pathOf = (container: string): string => join(options.namespaces, container);
  const departures = createDepartures({ host, logger, store, switchboard, pathOf });
  const parts = { ...options, departures, host, store, switchboard, pathOf };
  const attachments = createAttachments(parts);
  const create = (request: NetworkRequest): Promise<Network> =>
    createNetwork({ host, store }, request, (work) => database.transaction(work));
  const predefine = async (): Promise<void> => {
    const known = store.list().find(({ name }) => name === DEFAULT_NETWORK);
    if (known !== undefined) {
      const isUsed = store.endpoints({ network: known.id }, { departing: true }).length > 0;
      if (!isUsed && (await findLink(host, driverOf(known).uplink(known))) === undefined)
        await moveNetwork({ host, store }, known);
      return;
    }
    const bridge = `${prefix}0`;
    await create({ name: DEFAULT_NETWORK, bridge, options: predefinedOptions(bridge) });
  };
  // Where no subnet is left, whoever needs the network is told.
  if (store.list().length === 0) {
    await predefine().catch((error: unknown) =>
      logger.log("warn", "network.default", { error: String(error) }),
    );
  }
  let prepared: Promise<void> | undefined;
  const prepare = async (): Promise<void> => {
    await predefine();
    await switchboard.connect(store.find(DEFAULT_NETWORK));
  };
  /** Once for all who ask, and again where it has failed. */
  const prepareDefault = (): Promise<void> => {
    prepared ??= prepare().catch((error: unknown) => {
      prepared = undefined;
      throw error;
    });
    return prepared;
  };
  const prepareNamed = async (wishes: readonly NetworkWish[]): Promise<void> => {
    if (wishes.some(({ network }) => store.find(network).name === DEFAULT_NETWORK)) await prepareDefault();
  };
  return {
    create,
    prepareDefault,
    async remove(reference) {
      const network = store.find(reference);
      const connected = store.endpoints({ network: network.id }, { departing: true });
      if (connected.some(({ container }) => store.departing.has(container))) await departures.settle();
      const [endpoint] = store.endpoints({ network: network.id });
      if (network.name === DEFAULT_NETWORK) {
        throw networkError("PREDEFINED", `network ${network.name} is predefined and cannot be removed`);
      }
      if (endpoint !== undefined) {
        throw networkError("IN_USE", `network ${network.name} has active endpoints`, {
          hint: `container ${endpoint.container.slice(0, 12)} is connected to it: stop it first`,
        });
      }
      store.remove(network.id);
      await switchboard.remove(network);
    },
    list: () => store.list(),
    find: (reference) => store.find(reference),
    endpoints: (by) => store.endpoints(by),
    publications: (container) => store.publications(container),
    lookAtPort: (protocol, port) => lookAtPort({ host, store, shortcut }, protocol, port),
    async attach(container, request, options) {
      await prepareNamed(request.networks);
      return await attachments.attach(container, request, options);
    },
    async join(joiner, wish) {
      await prepareNamed([wish]);
      return await joinNetwork(parts, joiner, wish);
    },
    leave: (joiner, network) => leaveNetwork(parts, joiner, network),
    rename(container, name) {
      for (const endpoint of store.endpoints({ container }, { departing: true })) {
        store.replaceEndpoint({ ...endpoint, aliases: [name, ...endpoint.aliases.slice(1)] });
      }
    },
    namespaceOf: pathOf,
    leaveSoon: (container) => departures.begin(container),
    detach: (container) => departures.end(container),
    async recover(isRunning) {
      await attachments.recover(isRunning);
      const used = new Set(store.endpoints("all").map(({ network }) => network));
      for (const network of store.list()) if (used.has(network.id)) await switchboard.connect(network);
    },
    async [Symbol.asyncDispose]() {
      await departures.settle();
      const used = new Set(store.endpoints("all").map(({ network }) => network));
      await switchboard
        .retire(store.list().filter(({ id }) => !used.has(id)))
        .catch((error: unknown) => logger.log("warn", "network.retire", { error: String(error) }));
      await switchboard[Symbol.asyncDispose]();
    },
  };
}

/** What Docker's clients look for on the predefined network. */
function predefinedOptions(bridge: string): Record<string, string> {
  const prefix = "com.docker.network";
  return {
    [`${prefix}.bridge.default_bridge`]: "true",
    [`${prefix}.bridge.enable_icc`]: "true",
    [`${prefix}.bridge.enable_ip_masquerade`]: "true",
    [`${prefix}.bridge.host_binding_ipv4`]: "0.0.0.0",
    [`${prefix}.bridge.name`]: bridge,
    [`${prefix}.driver.mtu`]: "1500",
  };
}
