import type { ContainerSummary } from "./container.ts";
import type { ImageSummary } from "./image.ts";
import type { VolumeUsage } from "./volume.ts";

/** Answer to GET /version. Source: swagger.yaml, `SystemVersion`. */
export type SystemVersion = {
  readonly Platform: { readonly Name: string };
  readonly Components: readonly {
    readonly Name: string;
    readonly Version: string;
    readonly Details: Readonly<Record<string, string>>;
  }[];
  readonly Version: string;
  readonly ApiVersion: string;
  readonly MinAPIVersion: string;
  readonly GitCommit: string;
  readonly GoVersion: string;
  readonly Os: string;
  readonly Arch: string;
  readonly KernelVersion: string;
  readonly BuildTime: string;
};

/** The part of GET /info that is served. Source: swagger.yaml, `SystemInfo`. */
export type SystemInfo = {
  readonly ID: string;
  readonly Name: string;
  readonly ServerVersion: string;
  readonly Containers: number;
  readonly ContainersRunning: number;
  readonly ContainersPaused: number;
  readonly ContainersStopped: number;
  readonly Images: number;
  readonly Driver: string;
  readonly DriverStatus: readonly (readonly [string, string])[];
  readonly LoggingDriver: string;
  readonly CgroupDriver: string;
  readonly CgroupVersion: string;
  readonly KernelVersion: string;
  readonly OperatingSystem: string;
  readonly OSVersion: string;
  readonly OSType: string;
  readonly Architecture: string;
  readonly NCPU: number;
  readonly MemTotal: number;
  readonly DockerRootDir: string;
  readonly DefaultRuntime: string;
  readonly Runtimes: Readonly<Record<string, { readonly path: string }>>;
  readonly SecurityOptions: readonly string[];
  readonly Warnings: readonly string[];
  readonly CDISpecDirs: readonly string[];
  readonly DiscoveredDevices: readonly { readonly Source: string; readonly ID: string }[];
  readonly SystemTime: string;
  readonly LiveRestoreEnabled: boolean;
} & Readonly<Record<string, unknown>>;

/** Answer to GET /system/df before API 1.52. Source: swagger.yaml v1.51, operation `SystemDataUsage`. */
export type DiskUsage = {
  readonly LayersSize: number;
  /** Null: not asked for. */
  readonly Images: readonly ImageSummary[] | null;
  readonly Containers: readonly ContainerSummary[] | null;
  readonly Volumes: readonly VolumeUsage[] | null;
  readonly BuildCache: readonly BuildCacheEntry[] | null;
};

/** Source: swagger.yaml, `BuildCache`. */
export type BuildCacheEntry = {
  readonly ID: string;
  readonly Type: string;
  readonly Size: number;
  readonly CreatedAt: string;
  readonly LastUsedAt: string | null;
  readonly UsageCount: number;
  readonly InUse: boolean;
  readonly Shared: boolean;
};
