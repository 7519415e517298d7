import { jsonPointer } from "../../../../../base/index.ts";
import type { NetworkRequest, PortRequest } from "../../../../../engine/index.ts";
import type { dockerApi } from "../../../../../specs/index.ts";
import { translateLinks } from "./links.ts";
import { type OriginCollector, type Path, refuse } from "./origins.ts";

/**
 * How a container is to be connected.
 *
 * @throws DOCKER_CREATE_VALUE for a malformed port or link, and for links of a container without a network of its own
 */
export function translateNetwork(body: dockerApi.CreateBody, origins: OriginCollector): NetworkRequest {
  const host = body.HostConfig ?? {};
  const asked = body.NetworkDisabled ? "none" : host.NetworkMode;
  const modeText = origins.given("network.mode", ["HostConfig", "NetworkMode"], asked);
  const mode = readMode(modeText ?? "default");
  if (mode.kind === "container") refuseOwnFiles(body);
  const endpoints = Object.entries(body.NetworkingConfig?.EndpointsConfig ?? {}).map(
    ([network, endpoint]) => {
      const path = ["NetworkingConfig", "EndpointsConfig", network];
      return { network, ...translateEndpoint(endpoint, path), from: jsonPointer(path) };
    },
  );
  return {
    mode,
    endpoints: withLinks(endpoints, mode, host.Links ?? []),
    exposedPorts: Object.keys(body.ExposedPorts ?? {}).map((port) => portOf(port, ["ExposedPorts", port])),
    ports: Object.entries(host.PortBindings ?? {}).flatMap(([port, bindings]) =>
      translatePort(port, bindings),
    ),
    publishAll: host.PublishAllPorts ?? false,
    dns: host.Dns ?? [],
    dnsOptions: host.DnsOptions ?? [],
    dnsSearch: host.DnsSearch ?? [],
    extraHosts: host.ExtraHosts ?? [],
  };
}

/** What somebody wants of one network, written at a path of the body. */
export function translateEndpoint(endpoint: dockerApi.NetworkConnectBody["EndpointConfig"], path: Path) {
  return {
    aliases: endpoint?.Aliases ?? [],
    links: translateLinks(endpoint?.Links ?? [], [...path, "Links"]),
    ipv4: endpoint?.IPAMConfig?.IPv4Address || undefined,
    ipv6: endpoint?.IPAMConfig?.IPv6Address || undefined,
    mac: endpoint?.MacAddress || undefined,
    gatewayPriority: endpoint?.GwPriority || undefined,
  };
}

/** Links outside of a network are about the first one. Docker's client writes those of its own networks in both places. */
function withLinks(
  endpoints: NetworkRequest["endpoints"],
  mode: NetworkRequest["mode"],
  texts: readonly string[],
): NetworkRequest["endpoints"] {
  const path = ["HostConfig", "Links"];
  const links = translateLinks(texts, path);
  if (links.length === 0) return endpoints;
  if (mode.kind !== "default" && mode.kind !== "named") {
    throw refuse(path, `conflicting options: ${mode.kind} type networking can't be used with links`);
  }
  const network = mode.kind === "named" ? mode.name : "default";
  const known = endpoints.find((endpoint) => endpoint.network === network);
  const place = known ?? { network, aliases: [], links: [], from: jsonPointer(path) };
  const missing = links.filter(
    ({ container, alias }) =>
      !place.links?.some((link) => link.container === container && link.alias === alias),
  );
  const others = endpoints.filter((endpoint) => endpoint !== known);
  return [{ ...place, links: [...(place.links ?? []), ...missing] }, ...others];
}

/** The name and the files that tell of names are those of the container whose network is shared. In Docker's words. */
function refuseOwnFiles({ Hostname: hostname, HostConfig: host = {} }: dockerApi.CreateBody): void {
  if (hostname) throw refuse(["Hostname"], "conflicting options: hostname and the network mode");
  for (const [key, what] of [
    ["Dns", "dns"],
    ["DnsOptions", "dns"],
    ["DnsSearch", "dns"],
    ["ExtraHosts", "custom host-to-IP mapping"],
  ] as const) {
    if ((host[key] ?? []).length === 0) continue;
    throw refuse(["HostConfig", key], `conflicting options: ${what} and the network mode`);
  }
}

function readMode(text: string): NetworkRequest["mode"] {
  if (text === "default" || text === "none" || text === "host") return { kind: text };
  const container = /^container:(.*)$/s.exec(text)?.[1];
  if (container === undefined) return { kind: "named", name: text };
  if (container === "") {
    throw refuse(["HostConfig", "NetworkMode"], "container: needs the name or id of a container");
  }
  return { kind: "container", container };
}

function translatePort(port: string, bindings: readonly dockerApi.PortBinding[] | undefined): PortRequest[] {
  const path = ["HostConfig", "PortBindings", port];
  const containerPort = portOf(port, path);
  const wanted = bindings === undefined || bindings.length === 0 ? [{}] : bindings;
  return wanted.map((binding: dockerApi.PortBinding, index) => {
    const hostPort = binding.HostPort ?? "";
    const at = [...path, index];
    if (hostPort !== "" && !/^\d{1,5}(-\d{1,5})?$/.test(hostPort)) {
      throw refuse([...at, "HostPort"], `"${hostPort}" is neither a port nor a range of ports`);
    }
    return { containerPort, hostAddress: binding.HostIp ?? "", hostPort, from: jsonPointer(at) };
  });
}

function portOf(text: string, path: readonly (string | number)[]): string {
  const [, number, protocol = "tcp"] = /^(\d{1,5})(?:\/(tcp|udp|sctp))?$/.exec(text) ?? [];
  if (number === undefined || Number(number) < 1 || Number(number) > 65_535) {
    throw refuse(path, `"${text}" is no port such as 80/tcp`);
  }
  return `${Number(number)}/${protocol}`;
}
