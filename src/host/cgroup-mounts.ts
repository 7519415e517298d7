import { readlinkSync, statSync } from "node:fs";
import type { CgroupMembership } from "./parsers/cgroup.ts";
import { isVisible } from "./parsers/mount-tree.ts";
import type { MountEntry } from "./parsers/mountinfo.ts";

/** The mounts of a process, its control groups and, where it is another one, its id. */
export type MountsOf = {
  readonly pid: number | "self";
  readonly mounts: () => readonly MountEntry[];
  readonly groups: () => readonly CgroupMembership[];
};

/** Where version 2 is mounted, or comes to be: it is not told by the list of hierarchies, in which it always is. */
const UNIFIED = ["/sys/fs/cgroup", "/sys/fs/cgroup/unified"];

/** What was found last in this process's own mount namespace, and how to tell that it still holds. */
type Latest = {
  readonly found: readonly MountEntry[];
  readonly hierarchies: string;
  /** Mount points, also of those that others lie over. */
  readonly paths: readonly string[];
  readonly identities: string;
};

let latest: Latest | undefined;

/**
 * The mounts of control groups that a process can reach.
 *
 * An engine with many containers has hundreds of mounts, which the kernel takes a while to list, and these hardly ever
 * change. So the list is read once, and again when a hierarchy has come or gone, or something else is where one was mounted.
 */
export function cgroupMountsOf({ pid, mounts, groups }: MountsOf): readonly MountEntry[] {
  if (pid !== "self" && !isInOurNamespace(pid)) return reachable(mounts());
  const hierarchies = groups()
    .map(({ hierarchy, controllers }) => `${hierarchy}:${controllers}`)
    .join(" ");
  if (latest?.hierarchies === hierarchies && latest.identities === identitiesOf(latest.paths))
    return latest.found;
  const found = reachable(mounts());
  const paths = [
    ...UNIFIED,
    ...mounts()
      .filter(isOfGroups)
      .map(({ mountPoint }) => mountPoint),
  ];
  latest = { found, hierarchies, paths, identities: identitiesOf(paths) };
  return found;
}

function reachable(mounts: readonly MountEntry[]): readonly MountEntry[] {
  return mounts.filter((mount) => isOfGroups(mount) && isVisible(mount, mounts));
}

function isOfGroups({ type }: MountEntry): boolean {
  return type === "cgroup" || type === "cgroup2";
}

function identitiesOf(paths: readonly string[]): string {
  return paths.map(identityOf).join(" ");
}

/** Paths that cannot be reached are all the same. */
function identityOf(path: string): string {
  try {
    const found = statSync(path, { throwIfNoEntry: false });
    return found === undefined ? "" : `${found.dev}:${found.ino}`;
  } catch {
    return "";
  }
}

/** Whether paths mean the same to a process as to this one. One that has gone, or that may not be looked at, counts as elsewhere. */
function isInOurNamespace(pid: number): boolean {
  try {
    return (
      readlinkSync(`/proc/${pid}/ns/mnt`) === readlinkSync("/proc/self/ns/mnt") &&
      readlinkSync(`/proc/${pid}/root`) === "/"
    );
  } catch {
    return false;
  }
}
