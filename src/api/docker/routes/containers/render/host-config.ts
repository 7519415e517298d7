import type {
  BlkioThrottle,
  CreateContainerRequest,
  NamespaceMode,
  NetworkRequest,
} from "../../../../../engine/index.ts";
import type { dockerApi } from "../../../../../specs/index.ts";
import { renderBinds, renderConfigs, renderMounts, renderSecrets, renderTmpfs } from "./mounts.ts";

/**
 * The HostConfig that `inspect` shows: what translateCreate would read as the same request. Fields that were not asked for
 * have the zero values that Docker shows.
 */
export function renderHostConfig(spec: CreateContainerRequest): dockerApi.HostConfig {
  const { namespaces, network, security } = spec;
  return {
    Binds: renderBinds(spec.mounts),
    ContainerIDFile: spec.containerIdFile ?? "",
    LogConfig: { Type: spec.logging.driver ?? "", Config: spec.logging.options },
    NetworkMode: renderNetworkMode(network.mode),
    PortBindings: renderPortBindings(network),
    RestartPolicy: { Name: spec.restart.policy, MaximumRetryCount: spec.restart.maximumRetries },
    AutoRemove: spec.autoRemove,
    VolumeDriver: "",
    VolumesFrom: [...spec.volumesFrom],
    ConsoleSize: [spec.stdio.consoleSize?.height ?? 0, spec.stdio.consoleSize?.width ?? 0],
    Annotations: spec.annotations,
    CapAdd: [...security.capAdd],
    CapDrop: [...security.capDrop],
    CgroupnsMode: renderMode(namespaces.cgroup),
    Dns: [...network.dns],
    DnsOptions: [...network.dnsOptions],
    DnsSearch: [...network.dnsSearch],
    ExtraHosts: [...network.extraHosts],
    GroupAdd: [...spec.groupAdd],
    IpcMode: renderMode(namespaces.ipc),
    OomScoreAdj: spec.oomScoreAdj ?? 0,
    PidMode: renderMode(namespaces.pid),
    Privileged: security.privileged,
    PublishAllPorts: network.publishAll,
    ReadonlyRootfs: security.readonlyRootfs,
    SecurityOpt: renderSecurityOptions(security),
    StorageOpt: spec.storageOptions,
    Tmpfs: renderTmpfs(spec.mounts),
    UTSMode: renderMode(namespaces.uts),
    UsernsMode: renderMode(namespaces.user),
    ShmSize: spec.shmSizeBytes ?? 0,
    Sysctls: spec.sysctls,
    Runtime: spec.runtime ?? "tug",
    Isolation: "",
    Mounts: renderMounts(spec.mounts),
    Secrets: renderSecrets(spec.mounts, spec.secretEnv),
    Configs: renderConfigs(spec.mounts),
    MaskedPaths: security.maskedPaths && [...security.maskedPaths],
    ReadonlyPaths: security.readonlyPaths && [...security.readonlyPaths],
    Init: spec.init,
    Systemd: spec.systemd,
    ...renderResources(spec),
  };
}

function renderResources(spec: CreateContainerRequest): Partial<dockerApi.HostConfig> {
  const limits = spec.resources;
  const rates = (direction: BlkioThrottle["direction"], unit: BlkioThrottle["unit"]) =>
    limits.blkioThrottles
      .filter((throttle) => throttle.direction === direction && throttle.unit === unit)
      .map(({ path, rate }) => ({ Path: path, Rate: rate }));
  return {
    CpuShares: limits.cpuShares ?? 0,
    Memory: limits.memory ?? 0,
    NanoCpus: limits.nanoCpus ?? 0,
    CgroupParent: limits.cgroupParent ?? "",
    BlkioWeight: limits.blkioWeight ?? 0,
    BlkioWeightDevice: limits.blkioWeightDevices.map(({ path, weight }) => ({ Path: path, Weight: weight })),
    BlkioDeviceReadBps: rates("read", "bps"),
    BlkioDeviceWriteBps: rates("write", "bps"),
    BlkioDeviceReadIOps: rates("read", "iops"),
    BlkioDeviceWriteIOps: rates("write", "iops"),
    CpuPeriod: limits.cpuPeriod ?? 0,
    CpuQuota: limits.cpuQuota ?? 0,
    CpuRealtimePeriod: limits.cpuRealtimePeriod ?? 0,
    CpuRealtimeRuntime: limits.cpuRealtimeRuntime ?? 0,
    CpusetCpus: limits.cpusetCpus ?? "",
    CpusetMems: limits.cpusetMems ?? "",
    Devices: limits.devices.map((device) => ({
      PathOnHost: device.pathOnHost,
      PathInContainer: device.pathInContainer,
      CgroupPermissions: device.permissions,
    })),
    DeviceCgroupRules: [...limits.deviceCgroupRules],
    DeviceRequests:
      limits.cdiDevices.length === 0 ? [] : [{ Driver: "cdi", DeviceIDs: [...limits.cdiDevices] }],
    MemoryReservation: limits.memoryReservation ?? 0,
    MemorySwap: limits.memorySwap ?? 0,
    MemorySwappiness: limits.memorySwappiness,
    OomKillDisable: limits.oomKillDisable,
    PidsLimit: limits.pidsLimit,
    Ulimits: spec.ulimits.map(({ name, soft, hard }) => ({ Name: name, Soft: soft, Hard: hard })),
  };
}

function renderSecurityOptions(security: CreateContainerRequest["security"]): string[] {
  const options = security.labels.map((label) => `label=${label}`);
  if (security.noNewPrivileges !== undefined) options.push(`no-new-privileges=${security.noNewPrivileges}`);
  if (security.apparmor !== undefined) options.push(`apparmor=${security.apparmor}`);
  const { seccomp } = security;
  if (seccomp !== undefined) options.push(`seccomp=${seccompText(seccomp)}`);
  return options;
}

function seccompText(seccomp: NonNullable<CreateContainerRequest["security"]["seccomp"]>): string {
  if (seccomp.kind === "profile") return seccomp.json;
  return seccomp.kind === "default" ? "builtin" : "unconfined";
}

function renderMode(mode: NamespaceMode | undefined): string {
  if (mode === undefined) return "";
  return mode.mode === "container" ? `container:${mode.container}` : mode.mode;
}

/** The network mode as one text: `default`, `host`, `container:ID`, or a network's name. */
export function renderNetworkMode(mode: NetworkRequest["mode"]): string {
  if (mode.kind === "container") return `container:${mode.container}`;
  return mode.kind === "named" ? mode.name : mode.kind;
}

function renderPortBindings(network: NetworkRequest): NonNullable<dockerApi.HostConfig["PortBindings"]> {
  const bindings: Record<string, dockerApi.PortBinding[]> = {};
  for (const { containerPort, hostAddress, hostPort } of network.ports) {
    bindings[containerPort] ??= [];
    bindings[containerPort]?.push({ HostIp: hostAddress, HostPort: hostPort });
  }
  return bindings;
}
