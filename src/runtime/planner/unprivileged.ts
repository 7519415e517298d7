import { jsonPointer } from "../../base/index.ts";
import type { LinuxIdMapping, Spec } from "../../specs/oci-runtime/index.ts";
import { isOwn, type UnprivilegedCaller } from "./id-maps.ts";
import { parseMountOptions } from "./mount-options.ts";
import { refuseUnprivileged } from "./refusal.ts";

/**
 * Refuses what no user namespace makes possible, in words better than the kernel's errno would give.
 *
 * @throws CONTAINER_UNPRIVILEGED with the place
 */
export function checkUnprivileged(spec: Spec, caller: UnprivilegedCaller): void {
  const namespaces = spec.linux?.namespaces ?? [];
  for (const [type, what] of [
    ["user", "make a container"],
    ["mount", "mount"],
  ] as const) {
    if (namespaces.some((each) => each.type === type)) continue;
    throw refuseUnprivileged("/linux/namespaces", `${what} without privileges`, {
      reason: `there is no ${type} namespace`,
      hint: `add {"type": "${type}"}; tug-oci spec --rootless writes such a configuration`,
    });
  }
  const [device] = Object.keys(spec.linux?.netDevices ?? {});
  if (device !== undefined) {
    throw refuseUnprivileged(jsonPointer(["linux", "netDevices", device]), `move network device ${device}`, {
      reason: "only root of the network namespace that it is in may",
      hint: "leave it out, or call as root",
    });
  }
  if (spec.linux?.intelRdt !== undefined) {
    throw refuseUnprivileged("/linux/intelRdt", "give the container a class of service", {
      reason: "only root may write to resctrl",
      hint: "leave it out, or call as root",
    });
  }
  checkGroups(spec, caller);
  checkMountOwners(spec);
  for (const [index, { destination, options = [], uidMappings, gidMappings }] of (
    spec.mounts ?? []
  ).entries()) {
    const mapped = uidMappings !== undefined || gidMappings !== undefined;
    if (!mapped && parseMountOptions(options).idmap === "no") continue;
    throw refuseUnprivileged(`/mounts/${index}`, `mount ${destination} with other ids`, {
      reason: "only the owner of its file system may",
      hint: "leave idmap and the mappings of the mount out",
    });
  }
}

/** The kernel says no more than that an option is wrong. */
function checkMountOwners({ mounts = [], linux }: Spec): void {
  if (linux?.namespaces?.some(({ type, path }) => type === "user" && path !== undefined)) return;
  for (const [index, { destination, options = [] }] of mounts.entries()) {
    for (const option of options) {
      const [, member, number] = /^(uid|gid)=(\d+)$/.exec(option) ?? [];
      const mappings = member === "uid" ? linux?.uidMappings : linux?.gidMappings;
      if (member === undefined || isMapped(mappings, Number(number))) continue;
      throw refuseUnprivileged(`/mounts/${index}`, `mount ${destination} with ${option}`, {
        reason: "it is not mapped in the user namespace",
        hint: `leave ${member}= out, or map the id in linux.${member}Mappings`,
      });
    }
  }
}

function isMapped(mappings: readonly LinuxIdMapping[] | undefined, id: number): boolean {
  return (mappings ?? []).some(({ containerID, size }) => id >= containerID && id < containerID + size);
}

/** Where the caller writes the map of groups, no process of the namespace may change its groups. */
function checkGroups(spec: Spec, { gid }: UnprivilegedCaller): void {
  const joined = spec.linux?.namespaces?.find(({ type }) => type === "user")?.path !== undefined;
  const asked = spec.process.user.additionalGids ?? [];
  if (joined || asked.length === 0 || !isOwn(spec.linux?.gidMappings ?? [], gid)) return;
  throw refuseUnprivileged("/process/user/additionalGids", "set additional groups", {
    reason: "with the caller's own group as the only one mapped, groups cannot be changed",
    hint: "map a range of /etc/subgid, or leave them out",
  });
}

/**
 * Refuses a user or group that means nobody in the container's new user namespace.
 *
 * @throws CONTAINER_UNPRIVILEGED with the place
 */
export function checkMappedUser({ process: { user }, linux }: Spec): void {
  const namespace = linux?.namespaces?.find(({ type }) => type === "user");
  if (namespace === undefined || namespace.path !== undefined) return;
  for (const [id, mappings] of [
    ["uid", linux?.uidMappings],
    ["gid", linux?.gidMappings],
  ] as const) {
    if (isMapped(mappings, user[id])) continue;
    throw refuseUnprivileged(`/process/user/${id}`, `set ${id} to ${user[id]}`, {
      reason: "it is not mapped in the user namespace",
      hint: `map it in linux.${id}Mappings, or take another`,
    });
  }
}
