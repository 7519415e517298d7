import { defaultDeviceRules } from "../../runtime/index.ts";
import type { LinuxDevice, LinuxDeviceCgroup, LinuxResources } from "../../specs/oci-runtime/index.ts";
import type { ResourcesRequest } from "../model/create-request.ts";
import type { HostDevice } from "./host-devices.ts";
import type { SpecInput } from "./input.ts";

/** CPU time is given out in periods of this many microseconds unless the request says otherwise. */
const DEFAULT_PERIOD = 100_000n;

/** Fields of a request and the places of the spec that they become. */
const places: readonly (readonly [pointer: string, field: keyof ResourcesRequest])[] = [
  ["/linux/resources/memory/limit", "memory"],
  ["/linux/resources/memory/swap", "memorySwap"],
  ["/linux/resources/memory/reservation", "memoryReservation"],
  ["/linux/resources/memory/swappiness", "memorySwappiness"],
  ["/linux/resources/memory/disableOOMKiller", "oomKillDisable"],
  ["/linux/resources/cpu/shares", "cpuShares"],
  ["/linux/resources/cpu/cpus", "cpusetCpus"],
  ["/linux/resources/cpu/mems", "cpusetMems"],
  ["/linux/resources/pids", "pidsLimit"],
  ["/linux/resources/blockIO/weight", "blkioWeight"],
  ["/linux/cgroupsPath", "cgroupParent"],
];

/** Limits and device rules of a container. */
export function specResources(input: SpecInput): LinuxResources {
  const { resources, from } = input.request;
  for (const [pointer, field] of places) input.origins.note(pointer, from[`resources.${field}`]);
  input.origins.note("/linux/resources/cpu/quota", from["resources.nanoCpus"] ?? from["resources.cpuQuota"]);
  input.origins.note("/linux/resources/cpu/period", from["resources.cpuPeriod"]);
  return {
    devices: deviceRules(input),
    memory: memory(resources),
    cpu: cpu(resources),
    ...(resources.pidsLimit !== undefined && { pids: { limit: BigInt(resources.pidsLimit) } }),
    blockIO: blockIo(input),
  };
}

/** The nodes themselves. */
export function specDevices({ devices, origins }: SpecInput): LinuxDevice[] {
  return devices.map(({ path, type, major, minor, mode, uid, gid, from }, index) => {
    origins.note(`/linux/devices/${index}`, from);
    return { path, type, major, minor, fileMode: mode, uid, gid };
  });
}

function memory(wanted: ResourcesRequest): NonNullable<LinuxResources["memory"]> {
  return {
    ...big("limit", wanted.memory),
    ...big("reservation", wanted.memoryReservation),
    // As Docker: as much swap as memory unless said otherwise.
    ...big("swap", wanted.memorySwap ?? (wanted.memory === undefined ? undefined : wanted.memory * 2)),
    ...big("swappiness", wanted.memorySwappiness),
    ...(wanted.oomKillDisable && { disableOOMKiller: true }),
  };
}

function cpu(wanted: ResourcesRequest): NonNullable<LinuxResources["cpu"]> {
  const shares = big("shares", wanted.cpuShares);
  const sets = {
    ...(wanted.cpusetCpus !== undefined && { cpus: wanted.cpusetCpus }),
    ...(wanted.cpusetMems !== undefined && { mems: wanted.cpusetMems }),
  };
  if (wanted.nanoCpus !== undefined && wanted.nanoCpus > 0) {
    const quota = (BigInt(wanted.nanoCpus) * DEFAULT_PERIOD) / 1_000_000_000n;
    return { ...shares, ...sets, quota, period: DEFAULT_PERIOD };
  }
  return {
    ...shares,
    ...sets,
    ...big("quota", wanted.cpuQuota),
    ...big("period", wanted.cpuPeriod),
    ...big("realtimePeriod", wanted.cpuRealtimePeriod),
    ...big("realtimeRuntime", wanted.cpuRealtimeRuntime),
  };
}

function blockIo({ request: { resources } }: SpecInput): NonNullable<LinuxResources["blockIO"]> {
  return { ...(resources.blkioWeight !== undefined && { weight: resources.blkioWeight }) };
}

function deviceRules({ request, devices }: SpecInput): LinuxDeviceCgroup[] {
  if (request.security.privileged) return [{ allow: true, access: "rwm" }];
  const asked = devices.map(({ type, major, minor, access }: HostDevice) => ({
    allow: true,
    type,
    major,
    minor,
    access,
  }));
  return [...defaultDeviceRules, ...asked, ...request.resources.deviceCgroupRules.map(parseRule)];
}

/** `c 1:* rwm`, checked by the door. */
function parseRule(text: string): LinuxDeviceCgroup {
  const [type, numbers = "*:*", access = "rwm"] = text.split(/\s+/);
  const [major, minor] = numbers.split(":").map((part) => (part === "*" ? undefined : Number(part)));
  return {
    allow: true,
    type: type as "a" | "b" | "c",
    ...(major !== undefined && { major }),
    ...(minor !== undefined && { minor }),
    access,
  };
}

function big<K extends string>(key: K, value: number | undefined): { [P in K]?: bigint } {
  return (value === undefined ? {} : { [key]: BigInt(value) }) as { [P in K]?: bigint };
}
