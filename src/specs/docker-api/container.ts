import type { ContainerConfig } from "./container-config.ts";
import type { HostConfig } from "./host-config.ts";

/** Answer to POST /containers/create. */
export type ContainerCreated = { readonly Id: string; readonly Warnings: readonly string[] };

/** Where a container is in its life. Source: swagger.yaml, `ContainerState.Status`. */
export type ContainerStatus =
  | "created"
  | "running"
  | "paused"
  | "restarting"
  | "removing"
  | "exited"
  | "dead";

/** Source: swagger.yaml, `Health`. Times are RFC 3339. */
export type Health = {
  readonly Status: "none" | "starting" | "healthy" | "unhealthy";
  readonly FailingStreak: number;
  readonly Log: readonly {
    readonly Start: string;
    readonly End: string;
    readonly ExitCode: number;
    readonly Output: string;
  }[];
};

/** Source: swagger.yaml, `ContainerState`. Times are RFC 3339; "0001-01-01T00:00:00Z" is "never". */
export type ContainerState = {
  readonly Status: ContainerStatus;
  readonly Running: boolean;
  readonly Paused: boolean;
  readonly Restarting: boolean;
  readonly OOMKilled: boolean;
  readonly Dead: boolean;
  readonly Pid: number;
  readonly ExitCode: number;
  readonly Error: string;
  readonly StartedAt: string;
  readonly FinishedAt: string;
  readonly Health?: Health | undefined;
};

/** Source: swagger.yaml, `MountPoint`. */
export type MountPoint = {
  readonly Type: string;
  readonly Name?: string | undefined;
  readonly Source: string;
  readonly Destination: string;
  readonly Driver?: string | undefined;
  readonly Mode: string;
  readonly RW: boolean;
  readonly Propagation: string;
};

/** Source: swagger.yaml, `EndpointSettings`. */
export type EndpointSettings = {
  /** Addresses that were asked for; null where none were. */
  readonly IPAMConfig: { readonly IPv4Address?: string; readonly IPv6Address?: string } | null;
  /** `NAME:ALIAS`; null where there are none. */
  readonly Links: readonly string[] | null;
  readonly DriverOpts: null;
  readonly NetworkID: string;
  readonly EndpointID: string;
  readonly Gateway: string;
  readonly IPAddress: string;
  readonly IPPrefixLen: number;
  readonly IPv6Gateway: string;
  readonly GlobalIPv6Address: string;
  readonly GlobalIPv6PrefixLen: number;
  readonly MacAddress: string;
  readonly Aliases: readonly string[] | null;
  /** Since 1.48. */
  readonly GwPriority: number;
};

/** Answer to GET /containers/{id}/json. Source: swagger.yaml, `ContainerInspectResponse`. */
export type ContainerInspect = {
  readonly Id: string;
  readonly Created: string;
  readonly Path: string;
  readonly Args: readonly string[];
  readonly State: ContainerState;
  readonly Image: string;
  readonly ResolvConfPath: string;
  readonly HostnamePath: string;
  readonly HostsPath: string;
  readonly LogPath: string;
  readonly Name: string;
  readonly RestartCount: number;
  /** An extension: the digest that the helper reported for the plan of the last start, empty before the first. */
  readonly PlanDigest?: string | undefined;
  readonly Driver: string;
  readonly Platform: string;
  readonly MountLabel: string;
  readonly ProcessLabel: string;
  readonly AppArmorProfile: string;
  readonly ExecIDs: readonly string[] | null;
  readonly HostConfig: HostConfig;
  readonly SizeRw?: number | undefined;
  readonly SizeRootFs?: number | undefined;
  readonly Mounts: readonly MountPoint[];
  readonly Config: ContainerConfig;
  readonly NetworkSettings: Partial<LegacyNetworkSettings> & {
    readonly SandboxID: string;
    readonly SandboxKey: string;
    readonly Ports: Readonly<Record<string, readonly PublishedPort[] | null>>;
    readonly Networks: Readonly<Record<string, EndpointSettings>>;
  };
};

/** What versions before 1.52 have in `NetworkSettings` of the default network. Source: swagger.yaml of 1.51, `DefaultNetworkSettings`. */
export type LegacyNetworkSettings = {
  readonly Bridge: string;
  readonly HairpinMode: boolean;
  readonly LinkLocalIPv6Address: string;
  readonly LinkLocalIPv6PrefixLen: number;
  readonly SecondaryIPAddresses: null;
  readonly SecondaryIPv6Addresses: null;
  readonly EndpointID: string;
  readonly Gateway: string;
  readonly GlobalIPv6Address: string;
  readonly GlobalIPv6PrefixLen: number;
  readonly IPAddress: string;
  readonly IPPrefixLen: number;
  readonly IPv6Gateway: string;
  readonly MacAddress: string;
};

/** Where a container's port can be reached on the host. */
export type PublishedPort = { readonly HostIp: string; readonly HostPort: string };

/** Source: swagger.yaml, `PortSummary`. */
export type PortSummary = {
  readonly IP?: string | undefined;
  readonly PrivatePort: number;
  readonly PublicPort?: number | undefined;
  readonly Type: string;
};

/** An entry of GET /containers/json. Source: swagger.yaml, `ContainerSummary`. `Created` is in seconds since 1970. */
export type ContainerSummary = {
  readonly Id: string;
  readonly Names: readonly string[];
  readonly Image: string;
  readonly ImageID: string;
  readonly Command: string;
  readonly Created: number;
  readonly Ports: readonly PortSummary[];
  readonly SizeRw?: number | undefined;
  readonly SizeRootFs?: number | undefined;
  readonly Labels: Readonly<Record<string, string>>;
  readonly State: ContainerStatus;
  readonly Status: string;
  readonly HostConfig: { readonly NetworkMode: string };
  readonly Health?: { readonly Status: string; readonly FailingStreak: number } | undefined;
  readonly NetworkSettings: { readonly Networks: Readonly<Record<string, EndpointSettings>> };
  readonly Mounts: readonly MountPoint[];
};

/** What POST /containers/{id}/wait waits for. */
export const waitConditions = ["not-running", "next-exit", "removed"] as const;

export type WaitCondition = (typeof waitConditions)[number];

/** Answer to POST /containers/{id}/wait. */
export type WaitResponse = {
  readonly StatusCode: number;
  readonly Error?: { readonly Message: string } | undefined;
};

/** Answer to POST /containers/prune. */
export type ContainersPruned = {
  readonly ContainersDeleted: readonly string[] | null;
  readonly SpaceReclaimed: number;
};

/** An entry of GET /containers/{id}/changes. `Kind`: 0 modified, 1 added, 2 deleted. */
export type FilesystemChange = { readonly Path: string; readonly Kind: 0 | 1 | 2 };

/** Answer to GET /containers/{id}/top: a title per column and a row per process. */
export type ContainerTop = {
  readonly Titles: readonly string[];
  readonly Processes: readonly (readonly string[])[];
};

/** When a container never started or never ended. */
export const NEVER = "0001-01-01T00:00:00Z";
