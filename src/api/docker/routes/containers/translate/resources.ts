import { jsonPointer } from "../../../../../base/index.ts";
import type {
  BlkioThrottle,
  DeviceRequest,
  ResourcesRequest,
  UlimitRequest,
} from "../../../../../engine/index.ts";
import type { dockerApi } from "../../../../../specs/index.ts";
import { type OriginCollector, refuse, refuseUnsupported } from "./origins.ts";

/**
 * The limits of a create body.
 *
 * @throws DOCKER_CREATE_VALUE for a negative limit or a malformed device or rule
 */
export function translateResources(host: dockerApi.HostConfig, origins: OriginCollector): ResourcesRequest {
  const limit = (field: string, key: keyof dockerApi.HostConfig & string, least = 0): number | undefined => {
    const value = host[key] as number | undefined;
    if (value !== undefined && value < least) throw refuse(["HostConfig", key], `${value} is below ${least}`);
    return origins.given(`resources.${field}`, ["HostConfig", key], value);
  };
  const word = (field: string, key: keyof dockerApi.HostConfig & string) =>
    origins.given(`resources.${field}`, ["HostConfig", key], host[key] as string | undefined);
  const unlimitedPids = host.PidsLimit !== undefined && host.PidsLimit <= 0;
  const swappiness = host.MemorySwappiness === -1 ? undefined : host.MemorySwappiness;
  return {
    memory: limit("memory", "Memory"),
    memoryReservation: limit("memoryReservation", "MemoryReservation"),
    memorySwap: limit("memorySwap", "MemorySwap", -1),
    memorySwappiness: origins.exactly(
      "resources.memorySwappiness",
      ["HostConfig", "MemorySwappiness"],
      swappiness,
    ),
    oomKillDisable: host.OomKillDisable ?? false,
    nanoCpus: limit("nanoCpus", "NanoCpus"),
    cpuPeriod: limit("cpuPeriod", "CpuPeriod"),
    cpuQuota: limit("cpuQuota", "CpuQuota", -1),
    cpuShares: limit("cpuShares", "CpuShares"),
    cpuRealtimePeriod: limit("cpuRealtimePeriod", "CpuRealtimePeriod"),
    cpuRealtimeRuntime: limit("cpuRealtimeRuntime", "CpuRealtimeRuntime"),
    cpusetCpus: word("cpusetCpus", "CpusetCpus"),
    cpusetMems: word("cpusetMems", "CpusetMems"),
    pidsLimit: unlimitedPids ? undefined : limit("pidsLimit", "PidsLimit"),
    blkioWeight: limit("blkioWeight", "BlkioWeight"),
    blkioWeightDevices: (host.BlkioWeightDevice ?? []).map(({ Path, Weight }, index) => ({
      path: Path,
      weight: Weight,
      from: jsonPointer(["HostConfig", "BlkioWeightDevice", index]),
    })),
    blkioThrottles: throttles.flatMap(([key, direction, unit]) =>
      translateThrottles(host, key, { direction, unit }),
    ),
    devices: (host.Devices ?? []).map(translateDevice),
    deviceCgroupRules: (host.DeviceCgroupRules ?? []).map(checkDeviceRule),
    cdiDevices: (host.DeviceRequests ?? []).flatMap(translateDeviceRequest),
    cgroupParent: word("cgroupParent", "CgroupParent"),
  };
}

const throttles = [
  ["BlkioDeviceReadBps", "read", "bps"],
  ["BlkioDeviceWriteBps", "write", "bps"],
  ["BlkioDeviceReadIOps", "read", "iops"],
  ["BlkioDeviceWriteIOps", "write", "iops"],
] as const;

function translateThrottles(
  host: dockerApi.HostConfig,
  key: (typeof throttles)[number][0],
  kind: Pick<BlkioThrottle, "direction" | "unit">,
): BlkioThrottle[] {
  return (host[key] ?? []).map(({ Path, Rate }, index) => {
    const path = ["HostConfig", key, index];
    if (Rate < 0) throw refuse([...path, "Rate"], `${Rate} is below 0`);
    return { ...kind, path: Path, rate: Rate, from: jsonPointer(path) };
  });
}

function translateDevice(device: dockerApi.DeviceMapping, index: number): DeviceRequest {
  const path = ["HostConfig", "Devices", index];
  const permissions = device.CgroupPermissions || "rwm";
  if (!/^[rwm]{1,3}$/.test(permissions)) {
    throw refuse([...path, "CgroupPermissions"], `"${permissions}" is not made of r, w and m`);
  }
  const pathInContainer = device.PathInContainer || device.PathOnHost;
  for (const [key, value] of [
    ["PathOnHost", device.PathOnHost],
    ["PathInContainer", pathInContainer],
  ] as const) {
    if (!value.startsWith("/")) throw refuse([...path, key], `"${value}" is not an absolute path`);
  }
  return { pathOnHost: device.PathOnHost, pathInContainer, permissions, from: jsonPointer(path) };
}

function checkDeviceRule(rule: string, index: number): string {
  if (/^[abc] (\d+|\*):(\d+|\*) [rwm]{1,3}$/.test(rule)) return rule;
  throw refuse(["HostConfig", "DeviceCgroupRules", index], `"${rule}" does not look like "c 1:3 rwm"`);
}

function translateDeviceRequest(
  request: NonNullable<dockerApi.HostConfig["DeviceRequests"]>[number],
  index: number,
): readonly string[] {
  const path = ["HostConfig", "DeviceRequests", index];
  const { Driver, Count = 0, DeviceIDs = [], Capabilities = [] } = request;
  if (Driver === "cdi") {
    if (Count === 0 && Object.keys(request.Options ?? {}).length === 0)
      return DeviceIDs.map((name, at) => checkCdiName([...path, "DeviceIDs", at], name));
    throw refuse(path, "CDI devices have neither a count nor options");
  }
  if ((Driver === undefined || Driver === "" || Driver === "nvidia") && Capabilities.flat().includes("gpu")) {
    return gpuNames(path, Count, DeviceIDs);
  }
  const wanted = Driver || Capabilities.flat().join(",") || "any";
  throw refuseUnsupported(
    path,
    `there is no device driver for "${wanted}": name devices with --device vendor.com/class=name`,
  );
}

/** What is asked for as GPUs is CDI's `nvidia.com/gpu`, as the vendor's files name it: `all`, an index or a UUID. */
function gpuNames(path: readonly (string | number)[], count: number, ids: readonly string[]): string[] {
  if (count !== 0 && ids.length > 0)
    throw refuse(path, "a count of GPUs and names of GPUs exclude each other");
  if (count < -1 || count > MOST_GPUS)
    throw refuse([...path, "Count"], `${count} is neither -1 nor up to ${MOST_GPUS}`);
  if (count === 0 && ids.length === 0) throw refuse(path, "it asks for no GPU");
  const names =
    count === -1 ? ["all"] : ids.length > 0 ? ids : Array.from({ length: count }, (_, each) => `${each}`);
  return names.map((name) => checkCdiName(path, `nvidia.com/gpu=${name}`));
}

function checkCdiName(path: readonly (string | number)[], name: string): string {
  if (name.length < 600 && /^[a-z][\w.-]*\/[a-z][\w.-]*=[a-z0-9][\w.:-]*$/i.test(name)) return name;
  throw refuse(path, `${JSON.stringify(name.slice(0, 60))} does not look like vendor.com/class=name`);
}

/** More than any machine has. */
const MOST_GPUS = 1024;

const ulimitNames = new Set(
  "core cpu data fsize locks memlock msgqueue nice nofile nproc rss rtprio rttime sigpending stack".split(
    " ",
  ),
);

/** The resource limits of a create body; -1 is unlimited. Source: getrlimit(2) for the names. */
export function translateUlimit(ulimit: dockerApi.Ulimit, index: number): UlimitRequest {
  const path = ["HostConfig", "Ulimits", index];
  const { Name: name, Soft: soft = 0, Hard: hard = 0 } = ulimit;
  if (!ulimitNames.has(name)) throw refuse([...path, "Name"], `"${name}" is no resource limit`);
  if (soft < -1 || hard < -1) throw refuse(path, `the limit of ${name} is below -1`);
  if (hard !== -1 && (soft === -1 || soft > hard)) {
    throw refuse(path, `ulimit soft limit must be less than or equal to hard limit: ${soft} > ${hard}`);
  }
  return { name, soft, hard, from: jsonPointer(path) };
}
