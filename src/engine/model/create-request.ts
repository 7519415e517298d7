import type * as dockerApi from "../../specs/docker-api/index.ts";
import type { MountRequest } from "./mount-request.ts";

/**
 * Where a field came from: name of the field (`hostname`, `resources.memory`) to the JSON pointer of the create body
 * (`/HostConfig/Memory`). Only fields that the body set are here; the entries of lists carry their own `from`.
 */
export type Origins = Readonly<Record<string, string>>;

/**
 * What a client wants of a container, as plain JSON, without Docker's spelling and history.
 *
 * A field that is left out was not asked for: the image or the engine decides. Nothing here has been checked against the
 * machine; what has a fixed set of words or a syntax has been parsed.
 */
export type CreateContainerRequest = {
  /** Left out: the engine invents one. Not yet checked against the rules for names. */
  readonly name?: string | undefined;
  /** As the user wrote it: a reference, an image id, `@host`. */
  readonly image: string;
  readonly platform?: dockerApi.Platform | undefined;
  /** Arguments of the entrypoint; left out: the image's. */
  readonly command?: readonly string[] | undefined;
  /** Left out: the image's; an empty list: none, and the image's command is not used either. */
  readonly entrypoint?: readonly string[] | undefined;
  /** `NAME=value`; a `NAME` alone removes the image's variable. */
  readonly env: readonly string[];
  /** Variables whose values are secrets; containers of earlier builds have none. */
  readonly secretEnv?: readonly SecretVariable[] | undefined;
  readonly workingDir?: string | undefined;
  /** `USER[:GROUP]`, names or numbers. */
  readonly user?: string | undefined;
  readonly groupAdd: readonly string[];
  readonly hostname?: string | undefined;
  readonly domainname?: string | undefined;
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
  readonly stdio: StdioRequest;
  readonly stopSignal?: string | undefined;
  readonly stopTimeoutSeconds?: number | undefined;
  readonly healthcheck?: HealthcheckRequest | undefined;
  readonly restart: RestartRequest;
  readonly autoRemove: boolean;
  /** A small pid 1 that reaps and forwards signals; left out: the engine's default. */
  readonly init?: boolean | undefined;
  /** systemd boots in it: `true`: where the command is an init. On record it is settled: `always`, or left out. */
  readonly systemd?: "always" | "true" | undefined;
  readonly mounts: readonly MountRequest[];
  /** `CONTAINER[:ro|rw]` whose mounts are taken over. */
  readonly volumesFrom: readonly string[];
  readonly shmSizeBytes?: number | undefined;
  readonly storageOptions: Readonly<Record<string, string>>;
  readonly namespaces: NamespacesRequest;
  readonly network: NetworkRequest;
  readonly resources: ResourcesRequest;
  readonly security: SecurityRequest;
  readonly ulimits: readonly UlimitRequest[];
  readonly sysctls: Readonly<Record<string, string>>;
  readonly oomScoreAdj?: number | undefined;
  readonly logging: {
    readonly driver?: string | undefined;
    readonly options: Readonly<Record<string, string>>;
  };
  /** Name of a runtime handler; left out: the engine's default, and on record the engine's own. */
  readonly runtime?: string | undefined;
  /** Where the client wrote the id. Kept for `inspect` only. */
  readonly containerIdFile?: string | undefined;
  readonly from: Origins;
};

/** A variable that has what a secret holds when the container starts. */
export type SecretVariable = {
  readonly variable: string;
  readonly secret: string;
  readonly from: string;
};

/** How the first process is connected. */
export type StdioRequest = {
  readonly tty: boolean;
  /** Keep stdin open although nobody is attached. */
  readonly openStdin: boolean;
  /** Close stdin when the first client that was attached to it leaves. */
  readonly stdinOnce: boolean;
  /** What the client says it will attach to. Kept for `inspect` only. */
  readonly attach: { readonly stdin: boolean; readonly stdout: boolean; readonly stderr: boolean };
  /** Size of the terminal at the start, in characters. */
  readonly consoleSize?: { readonly height: number; readonly width: number } | undefined;
};

/** Durations in nanoseconds; left out or 0: the engine's default. */
export type HealthcheckRequest = {
  /** `none` switches the image's check off; `inherit` keeps the image's and changes the timing. */
  readonly test:
    | { readonly kind: "none" | "inherit" }
    | { readonly kind: "exec"; readonly args: readonly string[] }
    | { readonly kind: "shell"; readonly script: string };
  readonly interval?: number | undefined;
  readonly timeout?: number | undefined;
  readonly startPeriod?: number | undefined;
  readonly startInterval?: number | undefined;
  readonly retries?: number | undefined;
  /** What is done when it has become unhealthy; left out: nothing. */
  readonly onUnhealthy?: UnhealthyAction | undefined;
};

/** `kill` leaves it to the restart policy what comes then, `stop` does not. */
export type UnhealthyAction = "none" | "restart" | "kill" | "stop";

export type RestartRequest = {
  readonly policy: "no" | "always" | "unless-stopped" | "on-failure";
  /** For `on-failure` only; 0 is no limit. */
  readonly maximumRetries: number;
};

/** Whose namespace is used. `private` is an own one; left out: the engine's default. */
export type NamespaceMode =
  | { readonly mode: "private" | "host" | "shareable" | "none" }
  | { readonly mode: "container"; readonly container: string };

export type NamespacesRequest = {
  /** private, host or container */
  readonly pid?: NamespaceMode | undefined;
  /** private, shareable, none (private without /dev/shm), host or container */
  readonly ipc?: NamespaceMode | undefined;
  /** private or host */
  readonly uts?: NamespaceMode | undefined;
  /** private or host */
  readonly cgroup?: NamespaceMode | undefined;
  /** host: no user namespace although the engine would make one */
  readonly user?: NamespaceMode | undefined;
};

/** A name that a container has for another one: by name or id, on the predefined network of one on record by full id. */
export type LinkRequest = { readonly container: string; readonly alias: string };

export type NetworkRequest = {
  /** `default`: the engine's default network, settled when the container is made; `named`: bridge or one that somebody created. */
  readonly mode:
    | { readonly kind: "default" | "none" | "host" }
    | { readonly kind: "container"; readonly container: string }
    | { readonly kind: "named"; readonly name: string };
  /** Networks beyond the first, by name. */
  readonly endpoints: readonly {
    readonly network: string;
    readonly aliases: readonly string[];
    readonly links?: readonly LinkRequest[] | undefined;
    /** Addresses that it must have; left out: ones that are free. */
    readonly ipv4?: string | undefined;
    readonly ipv6?: string | undefined;
    readonly mac?: string | undefined;
    /** The default route leads through a network with the highest number; left out: 0. */
    readonly gatewayPriority?: number | undefined;
    readonly from: string;
  }[];
  /** `80/tcp` */
  readonly exposedPorts: readonly string[];
  readonly ports: readonly PortRequest[];
  readonly publishAll: boolean;
  readonly dns: readonly string[];
  readonly dnsOptions: readonly string[];
  readonly dnsSearch: readonly string[];
  /** `NAME:ADDRESS` lines for /etc/hosts. */
  readonly extraHosts: readonly string[];
};

/** An empty address or port lets the engine choose. */
export type PortRequest = {
  readonly containerPort: string;
  readonly hostAddress: string;
  readonly hostPort: string;
  readonly from: string;
};

/** Limits; left out: none. Sizes in bytes, times in microseconds unless said. */
export type ResourcesRequest = {
  readonly memory?: number | undefined;
  readonly memoryReservation?: number | undefined;
  /** Memory plus swap; -1 is unlimited swap. */
  readonly memorySwap?: number | undefined;
  readonly memorySwappiness?: number | undefined;
  readonly oomKillDisable: boolean;
  /** 1,000,000,000 is one CPU. */
  readonly nanoCpus?: number | undefined;
  readonly cpuPeriod?: number | undefined;
  readonly cpuQuota?: number | undefined;
  readonly cpuShares?: number | undefined;
  readonly cpuRealtimePeriod?: number | undefined;
  readonly cpuRealtimeRuntime?: number | undefined;
  readonly cpusetCpus?: string | undefined;
  readonly cpusetMems?: string | undefined;
  /** Left out: no limit. */
  readonly pidsLimit?: number | undefined;
  readonly blkioWeight?: number | undefined;
  readonly blkioWeightDevices: readonly {
    readonly path: string;
    readonly weight: number;
    readonly from: string;
  }[];
  readonly blkioThrottles: readonly BlkioThrottle[];
  readonly devices: readonly DeviceRequest[];
  /** `c 1:3 rwm`, checked. */
  readonly deviceCgroupRules: readonly string[];
  /** Names of CDI devices such as `vendor.com/gpu=0`. */
  readonly cdiDevices: readonly string[];
  readonly cgroupParent?: string | undefined;
};

export type BlkioThrottle = {
  readonly direction: "read" | "write";
  /** `bps` bytes, `iops` operations a second. */
  readonly unit: "bps" | "iops";
  readonly path: string;
  readonly rate: number;
  readonly from: string;
};

/** `permissions` is some of r, w and m. */
export type DeviceRequest = {
  readonly pathOnHost: string;
  readonly pathInContainer: string;
  readonly permissions: string;
  readonly from: string;
};

/** -1 is unlimited. `name` is without RLIMIT_ and in lower case, as Docker has it: `nofile`. */
export type UlimitRequest = {
  readonly name: string;
  readonly soft: number;
  readonly hard: number;
  readonly from: string;
};

export type SecurityRequest = {
  readonly privileged: boolean;
  readonly readonlyRootfs: boolean;
  /** `ALL` or names, with or without CAP_, upper case. */
  readonly capAdd: readonly string[];
  readonly capDrop: readonly string[];
  readonly noNewPrivileges?: boolean | undefined;
  /** Left out: the engine's default profile. `profile` holds Docker's JSON form, not yet parsed. */
  readonly seccomp?:
    | { readonly kind: "unconfined" | "default" }
    | { readonly kind: "profile"; readonly json: string }
    | undefined;
  readonly apparmor?: string | undefined;
  /** SELinux label parts, such as `type:container_t` or `disable`. */
  readonly labels: readonly string[];
  /** Replace the default lists; empty: nothing is masked or read-only. */
  readonly maskedPaths?: readonly string[] | undefined;
  readonly readonlyPaths?: readonly string[] | undefined;
};
