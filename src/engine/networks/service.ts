import { createHash } from "node:crypto";
import { DEFAULT_NETWORK, type Network, type NetworkRequest } from "../../network/index.ts";
import type { Containers } from "../containers/service.ts";
import type { EngineContext } from "../context.ts";
import { engineError } from "../errors.ts";
import type { NetworkView } from "../model/network-view.ts";
import type { PortExplanation } from "../model/port-explanation.ts";
import type { EndpointRequest } from "./connect.ts";
import { explainPort } from "./explain-port.ts";

/** The networks of an engine, for its doors. */
export interface NetworkService {
  /** The default network first, then `host` and `none`, then those that somebody made. */
  list(): Promise<NetworkView[]>;
  /** By full id, name, or an unambiguous beginning of an id. @throws NETWORK_NOT_FOUND, NETWORK_AMBIGUOUS */
  get(reference: string): Promise<NetworkView>;
  /** @throws NETWORK_NAME, NETWORK_NAME_TAKEN, NETWORK_ADDRESS, NETWORK_ADDRESS_TAKEN, NETWORK_EXHAUSTED, NETWORK_PARENT* */
  create(request: NetworkRequest): Promise<{ id: string }>;
  /** Who can reach a port of the machine that leads to containers, and why. */
  explainPort(protocol: PortExplanation["protocol"], port: number): Promise<PortExplanation>;
  /** Connects a container, running or not. @throws NETWORK_*, ENGINE_CONTAINER_NOT_FOUND, ENGINE_NETWORK_SHARED */
  connect(container: string, wanted: EndpointRequest): Promise<void>;
  /** Takes a container from a network. @throws NETWORK_NOT_CONNECTED, ENGINE_CONTAINER_NOT_FOUND */
  disconnect(container: string, network: string): Promise<void>;
  /** @throws NETWORK_NOT_FOUND, NETWORK_IN_USE, NETWORK_PREDEFINED */
  remove(reference: string): Promise<void>;
  /** Removes those that no container is connected to or was made for. Returns their names. */
  prune(select: (network: NetworkView) => boolean): Promise<string[]>;
}

/** The networks of an engine, with the containers that are connected to them. */
export function openNetworkService(
  { networks, store, events }: EngineContext,
  containers: Pick<Containers, "joinNetwork" | "leaveNetwork">,
): NetworkService {
  const view = (network: Network): NetworkView => {
    const endpoints = networks.endpoints({ network: network.id }).map(({ container, mac, ipv4, ipv6 }) => {
      const name = store.get(container)?.name ?? "";
      return [container, { name, mac, ipv4: withPrefix(network, ipv4), ipv6: withPrefix(network, ipv6) }];
    });
    const { id, name, createdAt, driver, internal, labels, options, pools } = network;
    const ipv6 = pools.some(({ subnet }) => subnet.includes(":"));
    const containers = Object.fromEntries(endpoints);
    return { id, name, createdAt, driver, internal, ipv6, labels, options, pools, containers };
  };
  const all = (): NetworkView[] => {
    const views = networks.list().map(view);
    const isDefault = ({ name }: NetworkView): boolean => name === DEFAULT_NETWORK;
    return [...views.filter(isDefault), ...withoutBridge, ...views.filter((each) => !isDefault(each))];
  };
  const publish = (action: string, { id, name, driver }: Pick<Network, "id" | "name" | "driver">): void =>
    events.publish({ type: "network", action, id, attributes: { name, type: driver } });
  const isWanted = ({ name, id }: NetworkView): boolean =>
    store.list().some(({ request: { network } }) => {
      const asked = network.mode.kind === "named" ? [network.mode.name] : [];
      return [...asked, ...network.endpoints.map((endpoint) => endpoint.network)].some(
        (reference) => reference === name || id.startsWith(reference),
      );
    });
  return {
    list: async () => all(),
    async get(reference) {
      return (
        withoutBridge.find(({ name, id }) => name === reference || id === reference) ??
        view(networks.find(reference))
      );
    },
    async create(request) {
      const network = await networks.create(request);
      publish("create", network);
      return { id: network.id };
    },
    explainPort: (protocol, port) => explainPort({ networks, store }, protocol, port),
    connect: containers.joinNetwork,
    disconnect: containers.leaveNetwork,
    async remove(reference) {
      if (withoutBridge.some(({ name, id }) => name === reference || id === reference)) {
        throw engineError("NETWORK_PREDEFINED", `network ${reference} is predefined and cannot be removed`);
      }
      const network = networks.find(reference);
      await networks.remove(network.id);
      publish("destroy", network);
    },
    async prune(select) {
      const pruned: string[] = [];
      for (const network of networks.list()) {
        if (network.name === DEFAULT_NETWORK) continue;
        const shown = view(network);
        if (isWanted(shown) || Object.keys(shown.containers).length > 0 || !select(shown)) continue;
        await networks.remove(network.id);
        publish("destroy", network);
        pruned.push(network.name);
      }
      return pruned;
    },
  };
}

/** What `--network host` and `--network none` are called where networks are listed. */
const withoutBridge: readonly NetworkView[] = (["host", "null"] as const).map((driver) => {
  const name = driver === "null" ? "none" : driver;
  return {
    id: createHash("sha256").update(`network ${name}`).digest("hex"),
    name,
    createdAt: new Date(0).toISOString(),
    driver,
    internal: false,
    ipv6: false,
    labels: {},
    options: {},
    pools: [],
    containers: {},
  };
});

function withPrefix({ pools }: Network, address: string | undefined): string {
  const pool = pools.find(({ subnet }) => subnet.includes(":") === address?.includes(":"));
  return address === undefined ? "" : `${address}/${pool?.subnet.split("/")[1] ?? ""}`;
}
