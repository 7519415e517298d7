import * as v from "valibot";
import { flag, integer, mapOf, optional, struct, text, textMap, texts } from "./fields.ts";
import { mount } from "./mount.ts";
import { configFile, secretFile } from "./named-data.ts";

const deviceWeight = struct({ Path: text, Weight: integer });
const deviceRate = struct({ Path: text, Rate: integer });

const deviceMapping = struct({
  PathOnHost: text,
  PathInContainer: optional(text),
  CgroupPermissions: optional(text),
});

const deviceRequest = struct({
  Driver: optional(text),
  Count: optional(integer),
  DeviceIDs: optional(texts),
  Capabilities: optional(v.array(texts)),
  Options: optional(textMap),
});

const ulimit = struct({ Name: text, Hard: optional(integer), Soft: optional(integer) });

/** Limits. Source: swagger.yaml, `Resources`. */
export const resourcesFields = {
  CpuShares: optional(integer),
  Memory: optional(integer),
  CgroupParent: optional(text),
  BlkioWeight: optional(integer),
  BlkioWeightDevice: optional(v.array(deviceWeight)),
  BlkioDeviceReadBps: optional(v.array(deviceRate)),
  BlkioDeviceWriteBps: optional(v.array(deviceRate)),
  BlkioDeviceReadIOps: optional(v.array(deviceRate)),
  BlkioDeviceWriteIOps: optional(v.array(deviceRate)),
  CpuPeriod: optional(integer),
  CpuQuota: optional(integer),
  CpuRealtimePeriod: optional(integer),
  CpuRealtimeRuntime: optional(integer),
  CpusetCpus: optional(text),
  CpusetMems: optional(text),
  Devices: optional(v.array(deviceMapping)),
  DeviceCgroupRules: optional(texts),
  DeviceRequests: optional(v.array(deviceRequest)),
  MemoryReservation: optional(integer),
  MemorySwap: optional(integer),
  MemorySwappiness: optional(integer),
  NanoCpus: optional(integer),
  OomKillDisable: optional(flag),
  PidsLimit: optional(integer),
  Ulimits: optional(v.array(ulimit)),
} as const;

const portBinding = struct({ HostIp: optional(text), HostPort: optional(text) });

/** The part of a create body that depends on the host. Source: swagger.yaml, `HostConfig`. */
export const hostConfig = struct({
  ...resourcesFields,
  Binds: optional(texts),
  Secrets: optional(v.array(secretFile)),
  Configs: optional(v.array(configFile)),
  ContainerIDFile: optional(text),
  LogConfig: optional(struct({ Type: optional(text), Config: optional(textMap) })),
  NetworkMode: optional(text),
  PortBindings: optional(mapOf(optional(v.array(portBinding)))),
  RestartPolicy: optional(struct({ Name: optional(text), MaximumRetryCount: optional(integer) })),
  AutoRemove: optional(flag),
  VolumeDriver: optional(text),
  VolumesFrom: optional(texts),
  ConsoleSize: optional(v.tuple([integer, integer])),
  Annotations: optional(textMap),
  CapAdd: optional(texts),
  CapDrop: optional(texts),
  CgroupnsMode: optional(text),
  Dns: optional(texts),
  DnsOptions: optional(texts),
  DnsSearch: optional(texts),
  ExtraHosts: optional(texts),
  GroupAdd: optional(texts),
  IpcMode: optional(text),
  Cgroup: optional(text),
  Links: optional(texts),
  OomScoreAdj: optional(integer),
  PidMode: optional(text),
  Privileged: optional(flag),
  PublishAllPorts: optional(flag),
  ReadonlyRootfs: optional(flag),
  SecurityOpt: optional(texts),
  StorageOpt: optional(textMap),
  Tmpfs: optional(textMap),
  UTSMode: optional(text),
  UsernsMode: optional(text),
  ShmSize: optional(integer),
  Sysctls: optional(textMap),
  Runtime: optional(text),
  Isolation: optional(text),
  Mounts: optional(v.array(mount)),
  MaskedPaths: optional(texts),
  ReadonlyPaths: optional(texts),
  Init: optional(flag),
  Systemd: optional(text),
});

export type HostConfig = v.InferOutput<typeof hostConfig>;
export type PortBinding = v.InferOutput<typeof portBinding>;
export type DeviceMapping = v.InferOutput<typeof deviceMapping>;
export type Ulimit = v.InferOutput<typeof ulimit>;
