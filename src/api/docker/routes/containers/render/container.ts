import type {
  Container,
  ContainerState,
  Endpoint,
  HealthState,
  MountPoint,
  Port,
} from "../../../../../engine/index.ts";
import { dockerApi } from "../../../../../specs/index.ts";
import { renderConfig } from "./config.ts";
import { renderHostConfig, renderNetworkMode } from "./host-config.ts";
import { renderStatus } from "./status.ts";

/** What a container takes on disk. */
export type Sizes = { readonly writableBytes: number; readonly rootfsBytes: number };

/** The answer to GET /containers/{id}/json. */
export function renderInspect(container: Container, sizes?: Sizes): dockerApi.ContainerInspect {
  return {
    Id: container.id,
    Created: container.createdAt,
    Path: container.path,
    Args: container.args,
    State: renderState(container.state),
    Image: container.imageId,
    ResolvConfPath: container.files.resolvConf,
    HostnamePath: container.files.hostname,
    HostsPath: container.files.hosts,
    LogPath: container.files.log,
    Name: `/${container.name}`,
    RestartCount: container.restartCount,
    PlanDigest: container.planDigest ?? "",
    Driver: container.driver,
    Platform: container.os,
    MountLabel: "",
    ProcessLabel: "",
    AppArmorProfile: container.spec.security.apparmor ?? "",
    ExecIDs: container.execIds.length === 0 ? null : container.execIds,
    HostConfig: { ...renderHostConfig(container.spec), ...renderLinks(container) },
    ...renderSizes(sizes),
    Mounts: container.mounts.map(renderMountPoint),
    Config: renderConfig(container.spec),
    NetworkSettings: {
      SandboxID: "",
      SandboxKey: "",
      Ports: renderPublishedPorts(container.ports),
      Networks: renderNetworks(container.networks),
    },
  };
}

/**
 * An entry of GET /containers/json.
 *
 * @param now milliseconds since 1970, for "Up 2 hours"
 */
export function renderSummary(container: Container, now: number, sizes?: Sizes): dockerApi.ContainerSummary {
  const { spec, state } = container;
  return {
    Id: container.id,
    Names: [`/${container.name}`],
    Image: spec.image,
    ImageID: container.imageId,
    Command: [container.path, ...container.args].join(" "),
    Created: Math.floor(Date.parse(container.createdAt) / 1000),
    Ports: container.ports.map(renderPort),
    ...renderSizes(sizes),
    Labels: spec.labels,
    State: state.status,
    Status: renderStatus(state, now),
    HostConfig: { NetworkMode: renderNetworkMode(spec.network.mode) },
    Health: { Status: state.health?.status ?? "none", FailingStreak: state.health?.failingStreak ?? 0 },
    NetworkSettings: { Networks: renderNetworks(container.networks) },
    Mounts: container.mounts.map(renderMountPoint),
  };
}

function renderState(state: ContainerState): dockerApi.ContainerState {
  const { status, health } = state;
  return {
    Status: status,
    // A paused or restarting container counts as running for Docker's clients.
    Running: status === "running" || status === "paused" || status === "restarting",
    Paused: status === "paused",
    Restarting: status === "restarting",
    OOMKilled: state.oomKilled,
    Dead: status === "dead",
    Pid: state.pid,
    ExitCode: state.exitCode,
    Error: state.error,
    StartedAt: state.startedAt ?? dockerApi.NEVER,
    FinishedAt: state.finishedAt ?? dockerApi.NEVER,
    Health: health && renderHealth(health),
  };
}

/** What its probes have found. */
export function renderHealth({ status, failingStreak, log }: HealthState): dockerApi.Health {
  return {
    Status: status,
    FailingStreak: failingStreak,
    Log: log.map(({ start, end, exitCode, output }) => ({
      Start: start,
      End: end,
      ExitCode: exitCode,
      Output: output,
    })),
  };
}

function renderSizes(sizes: Sizes | undefined) {
  return sizes === undefined ? {} : { SizeRw: sizes.writableBytes, SizeRootFs: sizes.rootfsBytes };
}

function renderMountPoint(mount: MountPoint): dockerApi.MountPoint {
  return {
    Type: mount.type,
    Name: mount.name,
    Source: mount.source,
    Destination: mount.destination,
    Driver: mount.driver,
    Mode: mount.mode,
    RW: mount.writable,
    Propagation: mount.propagation,
  };
}

function renderNetworks(
  networks: Readonly<Record<string, Endpoint>>,
): Record<string, dockerApi.EndpointSettings> {
  const rendered = Object.entries(networks).map(([name, endpoint]): [string, dockerApi.EndpointSettings] => [
    name,
    {
      IPAMConfig: renderWanted(endpoint),
      Links: endpoint.links.length === 0 ? null : endpoint.links.map(linkText),
      DriverOpts: null,
      NetworkID: endpoint.networkId,
      EndpointID: endpoint.endpointId,
      Gateway: endpoint.gateway,
      IPAddress: endpoint.ipAddress,
      IPPrefixLen: endpoint.ipPrefixLength,
      IPv6Gateway: endpoint.ipv6Gateway,
      GlobalIPv6Address: endpoint.ipv6Address,
      GlobalIPv6PrefixLen: endpoint.ipv6PrefixLength,
      MacAddress: endpoint.macAddress,
      Aliases: endpoint.aliases.length === 0 ? null : endpoint.aliases,
      GwPriority: endpoint.gatewayPriority,
    },
  ]);
  return Object.fromEntries(rendered);
}

/** Links on the predefined network, as Docker shows them: `/NAME:/OWN-NAME/ALIAS`. */
function renderLinks({ name, links }: Container): Pick<dockerApi.HostConfig, "Links"> {
  if (links.length === 0) return {};
  return { Links: links.map(({ container, alias }) => `/${container}:/${name}/${alias}`) };
}

function linkText({ container, alias }: Endpoint["links"][number]): string {
  return `${container}:${alias}`;
}

function renderWanted({ wanted }: Endpoint): dockerApi.EndpointSettings["IPAMConfig"] {
  const { ipv4, ipv6 } = wanted ?? {};
  if (ipv4 === undefined && ipv6 === undefined) return null;
  return { ...(ipv4 && { IPv4Address: ipv4 }), ...(ipv6 && { IPv6Address: ipv6 }) };
}

function renderPort(port: Port): dockerApi.PortSummary {
  return {
    IP: port.hostAddress,
    PrivatePort: port.containerPort,
    PublicPort: port.hostPort,
    Type: port.protocol,
  };
}

function renderPublishedPorts(ports: readonly Port[]): Record<string, dockerApi.PublishedPort[] | null> {
  const published: Record<string, dockerApi.PublishedPort[] | null> = {};
  for (const { containerPort, protocol, hostAddress, hostPort } of ports) {
    const key = `${containerPort}/${protocol}`;
    published[key] ??= null;
    if (hostPort === undefined) continue;
    published[key] = [...(published[key] ?? []), { HostIp: hostAddress ?? "", HostPort: String(hostPort) }];
  }
  return published;
}
