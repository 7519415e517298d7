import type { InfoFacts, VersionFacts } from "../../../../engine/index.ts";
import { dockerApi } from "../../../../specs/index.ts";

/** The answer to GET /version. */
export function renderVersion(facts: VersionFacts): dockerApi.SystemVersion {
  const versions = {
    ApiVersion: dockerApi.formatApiVersion(dockerApi.NEWEST_API_VERSION),
    MinAPIVersion: dockerApi.formatApiVersion(dockerApi.OLDEST_API_VERSION),
    GitCommit: facts.commit,
    Os: "linux",
    Arch: facts.architecture,
    KernelVersion: facts.kernelVersion,
    BuildTime: facts.builtAt,
    // Clients show this field and read nothing from it.
    GoVersion: `node ${facts.nodeVersion}`,
  };
  return {
    Platform: { Name: "tug" },
    Components: [
      { Name: "Engine", Version: facts.version, Details: { ...versions, Experimental: "true" } },
      { Name: "node", Version: facts.nodeVersion, Details: {} },
    ],
    Version: facts.version,
    ...versions,
  };
}

/** The answer to GET /info. */
export function renderInfo(facts: InfoFacts): dockerApi.SystemInfo {
  const { running, paused, stopped } = facts.containers;
  return {
    ID: facts.id,
    Name: facts.hostname,
    ServerVersion: facts.version,
    Containers: running + paused + stopped,
    ContainersRunning: running,
    ContainersPaused: paused,
    ContainersStopped: stopped,
    Images: facts.images,
    Driver: facts.snapshotter,
    DriverStatus: facts.snapshotterStatus,
    LoggingDriver: facts.loggingDriver,
    CgroupDriver: facts.cgroupDriver,
    CgroupVersion: String(facts.cgroupVersion),
    KernelVersion: facts.kernelVersion,
    OperatingSystem: facts.operatingSystem,
    OSVersion: facts.osVersion,
    OSType: "linux",
    Architecture: facts.architecture,
    NCPU: facts.cpus,
    MemTotal: facts.memoryBytes,
    DockerRootDir: facts.rootDirectory,
    DefaultRuntime: facts.defaultRuntime,
    Runtimes: Object.fromEntries(facts.runtimes.map(([name, path]) => [name, { path }])),
    SecurityOptions: facts.securityOptions,
    Warnings: facts.warnings,
    CDISpecDirs: facts.cdiDirectories,
    DiscoveredDevices: facts.cdiDevices.map((ID) => ({ Source: "cdi", ID })),
    SystemTime: new Date().toISOString(),
    // Containers outlive the engine, always.
    LiveRestoreEnabled: true,
    IndexServerAddress: "https://index.docker.io/v1/",
    Plugins: {
      Volume: ["local"],
      Network: ["bridge", "host", "ipvlan", "macvlan", "null"],
      Authorization: [],
      Log: [...facts.logDrivers],
    },
    Swarm: { LocalNodeState: "inactive", ControlAvailable: false },
    Labels: [],
    InitBinary: "tug-helper",
    ...renderControllers(facts),
    IPv4Forwarding: facts.ipv4Forwarding,
    Debug: false,
    ExperimentalBuild: true,
    HttpProxy: "",
    HttpsProxy: "",
    NoProxy: "",
  };
}

/** Which limits work on this machine, one field per limit as clients ask for them. */
function renderControllers(facts: InfoFacts) {
  const has = (controller: string) => facts.cgroupControllers.includes(controller);
  return {
    MemoryLimit: has("memory"),
    SwapLimit: has("memory") && facts.swapAccounting,
    CpuCfsPeriod: has("cpu"),
    CpuCfsQuota: has("cpu"),
    CPUShares: has("cpu"),
    CPUSet: has("cpuset"),
    PidsLimit: has("pids"),
    // cgroup v2 has no such switch.
    OomKillDisable: has("memory") && facts.cgroupVersion === 1,
  };
}
