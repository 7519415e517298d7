import { defaultDeviceRules } from "../../runtime/index.ts";
import type { LinuxDevice, LinuxDeviceCgroup, LinuxResources } from "../../specs/oci-runtime/index.ts";
import type { CreateContainerRequest, ResourcesRequest } from "../model/create-request.ts";
import type { HostDevice } from "./host-devices.ts";
import type { SpecInput } from "./input.ts";
import { specLimits } from "./limits.ts";
import type { Origins } from "./origins.ts";

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
  noteLimits(input.origins, from);
  return { devices: deviceRules(input), ...specLimits(resources) };
}

/** Notes where the limits of a request came from. */
export function noteLimits(origins: Origins, from: CreateContainerRequest["from"]): void {
  for (const [pointer, field] of places) origins.note(pointer, from[`resources.${field}`]);
  origins.note("/linux/resources/cpu/quota", from["resources.nanoCpus"] ?? from["resources.cpuQuota"]);
  origins.note("/linux/resources/cpu/period", from["resources.cpuPeriod"]);
}

/** The nodes themselves. */
export function specDevices({ devices, origins }: SpecInput): LinuxDevice[] {
  return devices.map(({ path, type, major, minor, mode, uid, gid, from }, index) => {
    origins.note(`/linux/devices/${index}`, from);
    return { path, type, major, minor, fileMode: mode, uid, gid };
  });
}

function deviceRules({ request, devices }: SpecInput): LinuxDeviceCgroup[] {
  if (request.security.privileged) return [{ allow: true, access: "rwm" }];
  const asked = devices.flatMap(({ type, major, minor, access }: HostDevice) =>
    type === "p" || access === "" ? [] : [{ allow: true, type, major, minor, access }],
  );
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
