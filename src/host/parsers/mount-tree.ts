import type { MountEntry } from "./mountinfo.ts";

/**
 * Whether a mount can be reached by its mount point, that is, no other mount lies over it or over a directory above it.
 *
 * A mount covers another when it is mounted on one of the mounts that lead to it, or on the mount itself, at its mount
 * point or above, without being one of those that lead to it.
 */
export function isVisible(mount: MountEntry, mounts: readonly MountEntry[]): boolean {
  const line = ancestry(mount, mounts);
  return !mounts.some(
    ({ id, parentId, mountPoint }) =>
      !line.has(id) && line.has(parentId) && isAtOrAbove(mountPoint, mount.mountPoint),
  );
}

/** The mount and those below it in the tree of mounts, up to the root. */
function ancestry(mount: MountEntry, mounts: readonly MountEntry[]): Set<number> {
  const byId = new Map(mounts.map((each) => [each.id, each]));
  const line = new Set<number>();
  let next: MountEntry | undefined = mount;
  while (next !== undefined && !line.has(next.id)) {
    line.add(next.id);
    next = byId.get(next.parentId);
  }
  return line;
}

function isAtOrAbove(directory: string, path: string): boolean {
  return directory === path || path.startsWith(directory === "/" ? "/" : `${directory}/`);
}
