import { resolve } from "node:path";
import { dockerApi } from "../../../specs/index.ts";
import { type CreateInput, type CreateValues, readOptionFile } from "./create-body.ts";
import { networkMode } from "./networking.ts";
import { buildSecurityOptions } from "./security-options.ts";

/** The host's part of the create body. Reads seccomp profiles that options name. */
export async function buildHostConfig(input: CreateInput): Promise<dockerApi.HostConfig> {
  const { values, given, context } = input;
  const size = context.terminal.size();
  const profile = (name: string) => readOptionFile("--security-opt", name, context);
  return {
    ...buildResources(values, given),
    ...(await buildSecurityOptions(values["security-opt"], profile)),
    Binds: values.volume
      .filter((spec) => spec.includes(":"))
      .map((spec) => completeSource(spec, context.cwd)),
    Mounts: values.mount.map((mount) => completeMount(mount, context.cwd)),
    Secrets: values.secret.length === 0 ? undefined : [...values.secret],
    Configs: values.config.length === 0 ? undefined : [...values.config],
    Tmpfs: Object.fromEntries(values.tmpfs.map(splitTmpfs)),
    VolumesFrom: [...values["volumes-from"]],
    ContainerIDFile: values.cidfile,
    ConsoleSize: size === undefined ? undefined : [size.height, size.width],
    NetworkMode: networkMode(values),
    PortBindings: Object.fromEntries(
      Map.groupBy(values.publish.flat(), ([port]) => port)
        .entries()
        .map(([port, bindings]) => [port, bindings.map(([, binding]) => binding)]),
    ),
    PublishAllPorts: values["publish-all"],
    Dns: [...values.dns],
    DnsOptions: [...values["dns-option"]],
    DnsSearch: [...values["dns-search"]],
    ExtraHosts: [...values["add-host"]],
    Links: values.link.length === 0 ? undefined : [...values.link],
    RestartPolicy: values.restart,
    AutoRemove: values.rm,
    Annotations: Object.fromEntries(values.annotation),
    CapAdd: [...values["cap-add"]],
    CapDrop: [...values["cap-drop"]],
    Privileged: values.privileged,
    ReadonlyRootfs: values["read-only"],
    CgroupnsMode: values.cgroupns,
    IpcMode: values.ipc,
    PidMode: values.pid,
    UTSMode: values.uts,
    UsernsMode: values.userns,
    GroupAdd: [...values["group-add"]],
    OomScoreAdj: values["oom-score-adj"],
    ShmSize: values["shm-size"],
    StorageOpt: Object.fromEntries(values["storage-opt"]),
    Sysctls: Object.fromEntries(values.sysctl),
    Runtime: values.runtime,
    LogConfig: { Type: values["log-driver"], Config: Object.fromEntries(values["log-opt"]) },
    Init: given("init") ? values.init : undefined,
    Systemd: values.systemd,
  };
}

function buildResources(values: CreateValues, given: CreateInput["given"]): Partial<dockerApi.HostConfig> {
  return {
    Memory: values.memory,
    MemoryReservation: values["memory-reservation"],
    MemorySwap: values["memory-swap"],
    MemorySwappiness: values["memory-swappiness"],
    OomKillDisable: given("oom-kill-disable") ? values["oom-kill-disable"] : undefined,
    NanoCpus: values.cpus,
    CpuShares: values["cpu-shares"],
    CpuPeriod: values["cpu-period"],
    CpuQuota: values["cpu-quota"],
    CpusetCpus: values["cpuset-cpus"],
    CpusetMems: values["cpuset-mems"],
    PidsLimit: values["pids-limit"],
    CgroupParent: values["cgroup-parent"],
    BlkioWeight: values["blkio-weight"],
    BlkioWeightDevice: [...values["blkio-weight-device"]],
    BlkioDeviceReadBps: [...values["device-read-bps"]],
    BlkioDeviceWriteBps: [...values["device-write-bps"]],
    BlkioDeviceReadIOps: [...values["device-read-iops"]],
    BlkioDeviceWriteIOps: [...values["device-write-iops"]],
    Devices: values.device.flatMap((device) => ("mapping" in device ? [device.mapping] : [])),
    DeviceRequests: [
      ...buildDeviceRequests(values.device.flatMap((device) => ("cdi" in device ? [device.cdi] : []))),
      ...values.gpus,
    ],
    DeviceCgroupRules: [...values["device-cgroup-rule"]],
    Ulimits: [...values.ulimit],
  };
}

function buildDeviceRequests(names: readonly string[]): NonNullable<dockerApi.HostConfig["DeviceRequests"]> {
  return names.length === 0 ? [] : [{ Driver: "cdi", DeviceIDs: [...names] }];
}

/** Paths on the host may be relative to where the caller is. */
function completeSource(spec: string, cwd: string): string {
  const { source, kind } = dockerApi.parseVolumeSpec(spec);
  if (kind !== "bind" || source === undefined || !source.startsWith(".")) return spec;
  return `${resolve(cwd, source)}${spec.slice(source.length)}`;
}

function completeMount(mount: dockerApi.Mount, cwd: string): dockerApi.Mount {
  const { Source } = mount;
  return mount.Type === "bind" && Source?.startsWith(".")
    ? { ...mount, Source: resolve(cwd, Source) }
    : mount;
}

function splitTmpfs(text: string): [target: string, options: string] {
  const [target = "", options = ""] = text.split(/:(.*)/s);
  return [target, options];
}
