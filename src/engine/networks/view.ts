import { DEFAULT_NETWORK, type Endpoint as NetworkEndpoint, type Networks } from "../../network/index.ts";
import type { ContainerRecord } from "../containers/record.ts";
import type { Endpoint, Port } from "../model/container-view.ts";
import type { LinkRequest } from "../model/create-request.ts";
import type { EndpointRequest } from "./connect.ts";

/** How a container is connected, by network name, and its ports. */
export function viewConnections(
  networks: Networks,
  { id, request, image }: ContainerRecord,
): { networks: Readonly<Record<string, Endpoint>>; ports: readonly Port[] } {
  const { mode, endpoints, exposedPorts } = request.network;
  const exposed = [...exposedPorts, ...Object.keys(image.defaults.ExposedPorts ?? {})];
  const published = mode.kind === "named" ? networks.publications(id) : [];
  const isPublished = (port: Port): boolean =>
    published.some(
      ({ containerPort, protocol }) => containerPort === port.containerPort && protocol === port.protocol,
    );
  const ports = [...new Set(exposed)].map(portOf).filter((port) => !isPublished(port));
  if (mode.kind === "container") return { networks: {}, ports };
  if (mode.kind !== "named")
    return { networks: { [mode.kind === "host" ? "host" : "none"]: noEndpoint }, ports };
  const wanted = new Map(endpoints.map((endpoint) => [nameOf(networks, endpoint.network), endpoint]));
  const connected = networks.endpoints({ container: id }).map((endpoint) => {
    const [name, view] = viewEndpoint(networks, endpoint);
    const asked = wanted.get(name);
    return [name, { ...view, links: namedLinks(name, asked), wanted: addressesOf(asked) }] as const;
  });
  return {
    networks: Object.fromEntries(connected.length === 0 ? unconnected(mode.name, wanted) : connected),
    ports: [
      ...published.map(({ containerPort, protocol, hostAddress, hostPort }) => ({
        containerPort,
        protocol,
        hostAddress,
        hostPort,
      })),
      ...ports,
    ],
  };
}

/** The endpoint of a container that is not connected. */
const noEndpoint: Endpoint = {
  networkId: "",
  endpointId: "",
  gateway: "",
  ipAddress: "",
  ipPrefixLength: 0,
  ipv6Gateway: "",
  ipv6Address: "",
  ipv6PrefixLength: 0,
  macAddress: "",
  aliases: [],
  links: [],
  gatewayPriority: 0,
};

/** Where a container that does not run will be. */
function unconnected(first: string, wanted: ReadonlyMap<string, EndpointRequest>): [string, Endpoint][] {
  const names = new Set([first, ...wanted.keys()]);
  return [...names].map((name) => {
    const endpoint = wanted.get(name);
    const { mac: macAddress = "", aliases = [], gatewayPriority = 0 } = endpoint ?? {};
    const links = namedLinks(name, endpoint);
    const wished = { macAddress, aliases, links, gatewayPriority, wanted: addressesOf(endpoint) };
    return [name, { ...noEndpoint, ...wished }];
  });
}

/** Those of the predefined network are about containers on record, and are shown with the container. */
function namedLinks(network: string, endpoint: EndpointRequest | undefined): readonly LinkRequest[] {
  return network === DEFAULT_NETWORK ? [] : (endpoint?.links ?? []);
}

function addressesOf({ ipv4, ipv6 }: Partial<EndpointRequest> = {}): Endpoint["wanted"] {
  return { ipv4, ipv6 };
}

/** Networks may be asked for by their ids; one that was removed keeps what it was called by. */
function nameOf(networks: Networks, reference: string): string {
  try {
    return networks.find(reference).name;
  } catch {
    return reference;
  }
}

function viewEndpoint(networks: Networks, endpoint: NetworkEndpoint): [string, Endpoint] {
  const network = networks.find(endpoint.network);
  const pool = (family: 4 | 6) => network.pools.find(({ subnet }) => subnet.includes(":") === (family === 6));
  const prefix = (family: 4 | 6): number => Number(pool(family)?.subnet.split("/")[1] ?? 0);
  const { ipv4 = "", ipv6 = "", mac, aliases, container, gatewayPriority = 0 } = endpoint;
  return [
    network.name,
    {
      networkId: network.id,
      endpointId: endpointId(container, network.id),
      gateway: pool(4)?.gateway ?? "",
      ipAddress: ipv4,
      ipPrefixLength: prefix(4),
      ipv6Gateway: pool(6)?.gateway ?? "",
      ipv6Address: ipv6,
      ipv6PrefixLength: prefix(6),
      macAddress: mac,
      aliases,
      links: [],
      gatewayPriority,
    },
  ];
}

/** Clients expect 64 hexadecimal digits that differ between networks. */
function endpointId(container: string, network: string): string {
  return container.slice(0, 32) + network.slice(0, 32);
}

function portOf(text: string): Port {
  const [number = "", protocol = "tcp"] = text.split("/");
  return { containerPort: Number(number), protocol };
}
