import type { OpOf } from "../../plan/index.ts";
import type { LinuxIdMapping, Spec } from "../../specs/oci-runtime/index.ts";
import { refuseUnprivileged } from "./refusal.ts";

/** Who makes a container without CAP_SYS_ADMIN: what may be done comes from the container's own user namespace. */
export type UnprivilegedCaller = {
  readonly uid: number;
  readonly gid: number;
  /** Paths of newuidmap(1) and newgidmap(1), where they are there. */
  readonly newuidmap: string | undefined;
  readonly newgidmap: string | undefined;
};

/** The text for /proc/PID/uid_map. Source: user_namespaces(7) */
export function mapLines(mappings: readonly LinuxIdMapping[]): string {
  return mappings.map(({ containerID, hostID, size }) => `${containerID} ${hostID} ${size}\n`).join("");
}

type UserNamespaceMaps = Omit<OpOf<"userNamespace">, "op" | "from" | "out">;

/**
 * How the maps of a new user namespace are written. The kernel takes a line for the caller's own id from the caller, and
 * for groups only where none of theirs can be given up any more; everything else takes a program that may.
 *
 * Source: user_namespaces(7), newuidmap(1)
 * @throws CONTAINER_UNPRIVILEGED where the program is not there
 */
export function userNamespaceMaps(spec: Spec, caller: UnprivilegedCaller | undefined): UserNamespaceMaps {
  const { uidMappings = [], gidMappings = [] } = spec.linux ?? {};
  const maps = { uidMap: mapLines(uidMappings), gidMap: mapLines(gidMappings) };
  if (caller === undefined) return maps;
  const { uid, gid, newuidmap, newgidmap } = caller;
  return {
    ...maps,
    ...(!isOwn(uidMappings, uid) && { uidProgram: required("newuidmap", newuidmap, "uidMappings") }),
    ...(isOwn(gidMappings, gid)
      ? { denySetgroups: 1 }
      : { gidProgram: required("newgidmap", newgidmap, "gidMappings") }),
  };
}

/** The one line that the kernel takes from the caller. */
export function isOwn(mappings: readonly LinuxIdMapping[], id: number): boolean {
  const [only, ...others] = mappings;
  return others.length === 0 && only?.hostID === id && only.size === 1;
}

function required(name: string, path: string | undefined, member: string): string {
  if (path !== undefined) return path;
  throw refuseUnprivileged(`/linux/${member}`, `map other ids than the caller's own`, {
    reason: `${name} is not there`,
    hint: "install Debian's uidmap or Fedora's shadow-utils, or map only the caller's own id",
  });
}
