import { jsonPointer } from "../../../../../base/index.ts";
import type { NetworkRequest, PortRequest } from "../../../../../engine/index.ts";
import type { dockerApi } from "../../../../../specs/index.ts";
import { type OriginCollector, refuse, refuseUnsupported } from "./origins.ts";

/**
 * How a container is to be connected.
 *
 * @throws DOCKER_CREATE_VALUE for a malformed port, DOCKER_CREATE_UNSUPPORTED for links
 */
export function translateNetwork(body: dockerApi.CreateBody, origins: OriginCollector): NetworkRequest {
  const host = body.HostConfig ?? {};
  if ((host.Links ?? []).length > 0) {
    throw refuseUnsupported(
      ["HostConfig", "Links"],
      "links do not exist, containers on one network know each other's names",
    );
  }
  const asked = body.NetworkDisabled ? "none" : host.NetworkMode;
  const modeText = origins.given("network.mode", ["HostConfig", "NetworkMode"], asked);
  return {
    mode: readMode(modeText ?? "default"),
    endpoints: Object.entries(body.NetworkingConfig?.EndpointsConfig ?? {}).map(([network, endpoint]) => ({
      network,
      ...translateEndpoint(endpoint),
      from: jsonPointer(["NetworkingConfig", "EndpointsConfig", network]),
    })),
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

/** What somebody wants of one network. */
export function translateEndpoint(endpoint: dockerApi.NetworkConnectBody["EndpointConfig"]) {
  return {
    aliases: endpoint?.Aliases ?? [],
    ipv4: endpoint?.IPAMConfig?.IPv4Address || undefined,
    ipv6: endpoint?.IPAMConfig?.IPv6Address || undefined,
    mac: endpoint?.MacAddress || undefined,
  };
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
