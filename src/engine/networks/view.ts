import type { Endpoint as NetworkEndpoint, Networks } from "../../network/index.ts";
import type { ContainerRecord } from "../containers/record.ts";
import type { Endpoint, Port } from "../model/container-view.ts";

/** How a container is connected, by network name, and its ports. */
export function viewConnections(
  networks: Networks,
  { id, request, image }: ContainerRecord,
): { networks: Readonly<Record<string, Endpoint>>; ports: readonly Port[] } {
  const { mode, exposedPorts } = request.network;
  const exposed = [...exposedPorts, ...Object.keys(image.defaults.ExposedPorts ?? {})];
  const published = networks.publications(id);
  const isPublished = (port: Port): boolean =>
    published.some(
      ({ containerPort, protocol }) => containerPort === port.containerPort && protocol === port.protocol,
    );
  const ports = [...new Set(exposed)].map(portOf).filter((port) => !isPublished(port));
  if (mode.kind === "container") return { networks: {}, ports };
  if (mode.kind !== "named")
    return { networks: { [mode.kind === "host" ? "host" : "none"]: noEndpoint }, ports };
  const connected = networks.endpoints({ container: id }).map((endpoint) => viewEndpoint(networks, endpoint));
  return {
    networks: Object.fromEntries(connected.length === 0 ? [[mode.name, noEndpoint]] : connected),
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
};

function viewEndpoint(networks: Networks, endpoint: NetworkEndpoint): [string, Endpoint] {
  const network = networks.find(endpoint.network);
  const pool = (family: 4 | 6) => network.pools.find(({ subnet }) => subnet.includes(":") === (family === 6));
  const prefix = (family: 4 | 6): number => Number(pool(family)?.subnet.split("/")[1] ?? 0);
  const { ipv4 = "", ipv6 = "", mac, aliases, container } = endpoint;
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
