import { TugError } from "../../../base/index.ts";
import { revise } from "../../failure.ts";

/** Which option makes which part of a create body. Longer pointers come before their beginnings. */
const options: readonly (readonly [pointer: string, option: string])[] = [
  ["/HostConfig/BlkioDeviceReadBps", "--device-read-bps"],
  ["/HostConfig/BlkioDeviceReadIOps", "--device-read-iops"],
  ["/HostConfig/BlkioDeviceWriteBps", "--device-write-bps"],
  ["/HostConfig/BlkioDeviceWriteIOps", "--device-write-iops"],
  ["/HostConfig/BlkioWeightDevice", "--blkio-weight-device"],
  ["/HostConfig/BlkioWeight", "--blkio-weight"],
  ["/HostConfig/Annotations", "--annotation"],
  ["/HostConfig/AutoRemove", "--rm"],
  ["/HostConfig/Binds", "--volume"],
  ["/HostConfig/CapAdd", "--cap-add"],
  ["/HostConfig/CapDrop", "--cap-drop"],
  ["/HostConfig/CgroupParent", "--cgroup-parent"],
  ["/HostConfig/CgroupnsMode", "--cgroupns"],
  ["/HostConfig/Configs", "--config"],
  ["/HostConfig/CpuPeriod", "--cpu-period"],
  ["/HostConfig/CpuQuota", "--cpu-quota"],
  ["/HostConfig/CpuShares", "--cpu-shares"],
  ["/HostConfig/CpusetCpus", "--cpuset-cpus"],
  ["/HostConfig/CpusetMems", "--cpuset-mems"],
  ["/HostConfig/DeviceCgroupRules", "--device-cgroup-rule"],
  ["/HostConfig/DeviceRequests", "--device"],
  ["/HostConfig/Devices", "--device"],
  ["/HostConfig/DnsOptions", "--dns-option"],
  ["/HostConfig/DnsSearch", "--dns-search"],
  ["/HostConfig/Dns", "--dns"],
  ["/HostConfig/ExtraHosts", "--add-host"],
  ["/HostConfig/GroupAdd", "--group-add"],
  ["/HostConfig/Init", "--init"],
  ["/HostConfig/IpcMode", "--ipc"],
  ["/HostConfig/Links", "--link"],
  ["/HostConfig/LogConfig/Config", "--log-opt"],
  ["/HostConfig/LogConfig", "--log-driver"],
  ["/HostConfig/MemoryReservation", "--memory-reservation"],
  ["/HostConfig/MemorySwappiness", "--memory-swappiness"],
  ["/HostConfig/MemorySwap", "--memory-swap"],
  ["/HostConfig/Memory", "--memory"],
  ["/HostConfig/Mounts", "--mount"],
  ["/HostConfig/NanoCpus", "--cpus"],
  ["/HostConfig/NetworkMode", "--network"],
  ["/HostConfig/OomKillDisable", "--oom-kill-disable"],
  ["/HostConfig/OomScoreAdj", "--oom-score-adj"],
  ["/HostConfig/PidMode", "--pid"],
  ["/HostConfig/PidsLimit", "--pids-limit"],
  ["/HostConfig/Privileged", "--privileged"],
  ["/HostConfig/ReadonlyRootfs", "--read-only"],
  ["/HostConfig/RestartPolicy", "--restart"],
  ["/HostConfig/Runtime", "--runtime"],
  ["/HostConfig/Secrets", "--secret"],
  ["/HostConfig/SecurityOpt", "--security-opt"],
  ["/HostConfig/ShmSize", "--shm-size"],
  ["/HostConfig/StorageOpt", "--storage-opt"],
  ["/HostConfig/Sysctls", "--sysctl"],
  ["/HostConfig/Systemd", "--systemd"],
  ["/HostConfig/Tmpfs", "--tmpfs"],
  ["/HostConfig/UTSMode", "--uts"],
  ["/HostConfig/Ulimits", "--ulimit"],
  ["/HostConfig/UsernsMode", "--userns"],
  ["/HostConfig/VolumesFrom", "--volumes-from"],
  ["/Cmd", "COMMAND"],
  ["/Domainname", "--domainname"],
  ["/Entrypoint", "--entrypoint"],
  ["/Env", "--env"],
  ["/ExposedPorts", "--expose"],
  ["/Healthcheck", "--health-*"],
  ["/Hostname", "--hostname"],
  ["/Image", "IMAGE"],
  ["/Labels", "--label"],
  ["/StopSignal", "--stop-signal"],
  ["/StopTimeout", "--stop-timeout"],
  ["/User", "--user"],
  ["/Volumes", "--volume"],
  ["/WorkingDir", "--workdir"],
];

/** The option that made the part of a create body that a pointer names. */
export function optionOfPointer(pointer: string): string | undefined {
  return options.find(([start]) => pointer === start || pointer.startsWith(`${start}/`))?.[1];
}

/** A failure whose sentence names a place in the create body, with the option in its stead: people wrote that. */
export function nameOptions(error: unknown): unknown {
  if (!(error instanceof TugError) || typeof error.details.pointer !== "string") return error;
  const { pointer } = error.details;
  const option = optionOfPointer(pointer);
  if (option === undefined || !error.message.includes(pointer)) return error;
  return revise(error, { message: error.message.replaceAll(pointer, option) });
}
