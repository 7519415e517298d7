import type * as dockerApi from "../../specs/docker-api/index.ts";
import type { CreateContainerRequest, LinkRequest } from "./create-request.ts";

/** A moment, as RFC 3339 in UTC with up to nine digits of a second: `2026-11-21T08:00:00.123456789Z`. */
export type Timestamp = string;

/** A container as the door shows it. */
export type Container = {
  /** 64 hexadecimal digits. */
  readonly id: string;
  /** Without Docker's leading slash. */
  readonly name: string;
  readonly createdAt: Timestamp;
  /** Digest of the image's configuration. */
  readonly imageId: string;
  /** What was asked for with the image's configuration filled in: command, entrypoint, env, user, labels ... */
  readonly spec: CreateContainerRequest;
  /** The command line that runs: its first word, and the rest. */
  readonly path: string;
  readonly args: readonly string[];
  readonly state: ContainerState;
  readonly restartCount: number;
  /** Digest that the helper reported for the plan of the last start; absent before the first. */
  readonly planDigest?: string | undefined;
  /** Name of the snapshotter. */
  readonly driver: string;
  readonly os: string;
  readonly mounts: readonly MountPoint[];
  /** Paths on the host; empty where there is no such file. */
  readonly files: {
    readonly log: string;
    readonly hostname: string;
    readonly hosts: string;
    readonly resolvConf: string;
  };
  readonly execIds: readonly string[];
  /** By network name; `none` and `host` are networks here. */
  readonly networks: Readonly<Record<string, Endpoint>>;
  /** Names of its own for others of the predefined network, which are shown by their names. */
  readonly links: readonly LinkRequest[];
  readonly ports: readonly Port[];
};

/** Where a container is in its life, and how it ended last time. */
export type ContainerState = {
  readonly status: dockerApi.ContainerStatus;
  /** In the host's numbers; 0 unless it runs. */
  readonly pid: number;
  /** Of the last end; 128 + signal for a signal. */
  readonly exitCode: number;
  /** Why it could not be started; empty when it could. */
  readonly error: string;
  readonly oomKilled: boolean;
  readonly startedAt?: Timestamp | undefined;
  readonly finishedAt?: Timestamp | undefined;
  readonly health?: HealthState | undefined;
};

export type HealthState = {
  readonly status: "starting" | "healthy" | "unhealthy";
  readonly failingStreak: number;
  readonly log: readonly {
    readonly start: Timestamp;
    readonly end: Timestamp;
    readonly exitCode: number;
    readonly output: string;
  }[];
};

/** What is mounted, resolved: a volume has its path on the host as `source`. */
export type MountPoint = {
  readonly type: "bind" | "volume" | "tmpfs" | "image";
  readonly name?: string | undefined;
  readonly source: string;
  readonly destination: string;
  readonly driver?: string | undefined;
  /** Options as they were written after the second colon of `-v`. */
  readonly mode: string;
  readonly writable: boolean;
  readonly propagation: string;
};

/** How a container is connected to a network; empty texts where it has no address. */
export type Endpoint = {
  readonly networkId: string;
  readonly endpointId: string;
  readonly gateway: string;
  readonly ipAddress: string;
  readonly ipPrefixLength: number;
  readonly ipv6Gateway: string;
  readonly ipv6Address: string;
  readonly ipv6PrefixLength: number;
  readonly macAddress: string;
  readonly aliases: readonly string[];
  /** Names of its own for others, but for those of the predefined network. */
  readonly links: readonly LinkRequest[];
  /** The default route leads through a network with the highest number. */
  readonly gatewayPriority: number;
  /** Addresses that were asked for. */
  readonly wanted?: { readonly ipv4?: string | undefined; readonly ipv6?: string | undefined } | undefined;
};

/** An exposed port, and where it is published, if it is. */
export type Port = {
  readonly containerPort: number;
  readonly protocol: string;
  readonly hostAddress?: string | undefined;
  readonly hostPort?: number | undefined;
};
