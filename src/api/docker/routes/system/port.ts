/** What the system routes need of the engine. */
export interface SystemPort {
  version(): Promise<VersionFacts>;
  info(): Promise<InfoFacts>;
  diskUsage(signal: AbortSignal): Promise<DiskUsageFacts>;
  /**
   * What happens from now on, and before it what happened since `since`. Ends at `until`.
   *
   * @param options moments in milliseconds since 1970
   */
  events(options: EventsOptions, signal: AbortSignal): AsyncIterable<EngineEvent>;
}

export type VersionFacts = {
  /** Of tug. */
  readonly version: string;
  readonly commit: string;
  readonly builtAt: string;
  /** Of Node. */
  readonly nodeVersion: string;
  readonly kernelVersion: string;
  /** As images name it: amd64. */
  readonly architecture: string;
};

export type InfoFacts = VersionFacts & {
  /** Of this engine's state directory; never changes. */
  readonly id: string;
  readonly hostname: string;
  readonly operatingSystem: string;
  readonly osVersion: string;
  readonly cpus: number;
  readonly memoryBytes: number;
  readonly containers: { readonly running: number; readonly paused: number; readonly stopped: number };
  readonly images: number;
  readonly snapshotter: string;
  /** Lines of name and value about the snapshotter. */
  readonly snapshotterStatus: readonly (readonly [string, string])[];
  readonly cgroupVersion: 1 | 2;
  /** Names of the cgroup controllers that limits can use: memory, cpu, cpuset, pids, io (blkio on v1) ... */
  readonly cgroupControllers: readonly string[];
  /** Whether swap can be limited. */
  readonly swapAccounting: boolean;
  readonly ipv4Forwarding: boolean;
  readonly cgroupDriver: "cgroupfs" | "systemd";
  readonly loggingDriver: string;
  readonly rootDirectory: string;
  readonly defaultRuntime: string;
  /** Names of the runtime handlers, the default among them. */
  readonly runtimes: readonly string[];
  /** `name=seccomp,profile=builtin` and the like. */
  readonly securityOptions: readonly string[];
  readonly warnings: readonly string[];
};

export type DiskUsageFacts = {
  readonly layersBytes: number;
  readonly volumes: readonly {
    readonly name: string;
    readonly mountpoint: string;
    readonly bytes: number;
    readonly users: number;
  }[];
};

export type EventsOptions = { readonly since?: number | undefined; readonly until?: number | undefined };

/** Something that happened. `timeNanos` is since 1970. Attributes are texts such as `name`, `image`, `exitCode`. */
export type EngineEvent = {
  readonly type: "container" | "image" | "volume" | "network" | "daemon";
  readonly action: string;
  readonly id: string;
  readonly attributes: Readonly<Record<string, string>>;
  readonly timeNanos: bigint;
};
