import {
  type AttachOptions,
  type AttachRequest,
  answersNames,
  DEFAULT_NETWORK,
  type Endpoint,
  hostServers,
  type Network,
  type NetworkWish,
  type PortWish,
  type Protocol,
  reachableServers,
} from "../../network/index.ts";
import type { ContainerRecord } from "../containers/record.ts";
import type { EngineContext } from "../context.ts";
import type { PortRequest } from "../model/create-request.ts";

/** Addresses that a container had on a network. */
export type RememberedEndpoint = Pick<Endpoint, "network" | "ipv4" | "ipv6" | "mac">;

/** A network that somebody wants a container on. */
export type EndpointRequest = Omit<ContainerRecord["request"]["network"]["endpoints"][number], "from">;

export type ConnectOptions = Pick<AttachOptions, "helper"> & {
  /**
   * What a container had that goes on where it was: it gets that again, and a network namespace by path also where it is on
   * no network.
   */
  readonly remembered: readonly RememberedEndpoint[] | undefined;
  /** Called when it is known where the container is to be, which may be nowhere, while that is made. */
  readonly onRecord: (endpoints: readonly Endpoint[]) => Promise<void>;
};

/**
 * Gives a container that is about to start what it wants of networks: nothing where it has none, the host's, or that of
 * another container.
 *
 * @throws NETWORK_*, RUNTIME_NETWORK
 */
export async function connectContainer(
  { networks }: Pick<EngineContext, "networks">,
  record: ContainerRecord,
  { remembered, onRecord, ...options }: ConnectOptions,
): Promise<void> {
  const request = attachRequest(record);
  if (request !== undefined) {
    const wishes = request.networks.map((wish) => asBefore(wish, networks.find(wish.network).id, remembered));
    await networks.attach(record.id, { ...request, networks: wishes }, { ...options, onRecord });
    return;
  }
  await onRecord([]);
  const isAlone = remembered !== undefined && record.request.network.mode.kind === "none";
  if (isAlone) await networks.attach(record.id, { networks: [], ports: [] }, options);
}

/** What a wish leaves open is as it was. */
function asBefore(
  wish: NetworkWish,
  network: string,
  remembered: readonly RememberedEndpoint[] = [],
): NetworkWish {
  const before = remembered.find((endpoint) => endpoint.network === network);
  if (before === undefined) return wish;
  const { ipv4, ipv6, mac } = before;
  return { ...(ipv4 && { ipv4 }), ...(ipv6 && { ipv6 }), ...(mac && { mac }), ...wish };
}

/**
 * The servers that a container on these networks asks for names; undefined: those of the host. That is a network's own where
 * one answers names; else those of the host's that can be reached from there, or the default network's where none can.
 */
export function nameServersOf(joined: readonly Network[]): readonly string[] | undefined {
  const own = joined.find(answersNames);
  if (own !== undefined) return serversOf(own);
  if (joined.length === 0) return undefined;
  const servers = hostServers();
  const reachable = reachableServers(servers);
  if (reachable.length === servers.length) return undefined;
  const predefined = joined.find(({ name }) => name === DEFAULT_NETWORK);
  return reachable.length > 0 || predefined === undefined ? reachable : serversOf(predefined);
}

/** Addresses at which a network's names are answered. */
function serversOf(network: Network): string[] {
  return network.pools.flatMap(({ gateway }) =>
    gateway === undefined || gateway.includes(":") ? [] : gateway,
  );
}

function attachRequest({ id, name, request, image }: ContainerRecord): AttachRequest | undefined {
  const { mode, endpoints, ports, publishAll, exposedPorts } = request.network;
  if (mode.kind !== "named") return undefined;
  const names = [
    mode.name,
    ...endpoints.map(({ network }) => network).filter((other) => other !== mode.name),
  ];
  const exposed = [...exposedPorts, ...Object.keys(image.defaults.ExposedPorts ?? {})];
  const wished = ports.map(portWish);
  const published = new Set(ports.map(({ containerPort }) => containerPort));
  const rest = publishAll
    ? [...new Set(exposed.map(withProtocol))].filter((port) => !published.has(port))
    : [];
  return {
    networks: names.map((network) => {
      const endpoint = endpoints.find((each) => each.network === network);
      return networkWish({ id, name }, endpoint ?? { network, aliases: [] });
    }),
    ports: [
      ...wished,
      ...rest.map((containerPort) => portWish({ containerPort, hostAddress: "", hostPort: "", from: "" })),
    ],
  };
}

/** What a container wants of one network: others find it by its name, its short id and its aliases. */
export function networkWish(
  { id, name }: Pick<ContainerRecord, "id" | "name">,
  { network, aliases, links = [], ipv4, ipv6, mac, gatewayPriority }: EndpointRequest,
): NetworkWish {
  return {
    network,
    aliases: [name, id.slice(0, 12), ...aliases],
    ...(links.length > 0 && { links: links.map(({ container, alias }) => ({ alias, name: container })) }),
    ...(ipv4 && { ipv4 }),
    ...(ipv6 && { ipv6 }),
    ...(mac && { mac }),
    ...(gatewayPriority && { gatewayPriority }),
  };
}

function portWish({ containerPort, hostAddress, hostPort }: PortRequest): PortWish {
  const [number = "", protocol = "tcp"] = containerPort.split("/");
  const [first = 0, last = first] = hostPort === "" ? [0] : hostPort.split("-").map(Number);
  return {
    protocol: protocol as Protocol,
    containerPort: Number(number),
    hostAddress,
    hostPorts: Array.from({ length: last - first + 1 }, (_, index) => first + index),
  };
}

function withProtocol(port: string): string {
  return port.includes("/") ? port : `${port}/tcp`;
}
