import { mkdir, rm, symlink } from "node:fs/promises";
import { join } from "node:path";
import type { MountEntry } from "../../host/index.ts";

/** By this name criu looks for the v2 hierarchy in a directory of hierarchies. */
export const UNIFIED = "unified";

/**
 * The mount of the v2 hierarchy, where the machine has no other. criu is shown it instead of mounting it once more: options
 * of v2 are those of all its mounts, and one from the machine's own namespace without `nsdelegate` takes it from everybody.
 *
 * Source: cgroup_namespaces(7); https://docs.kernel.org/admin-guide/cgroup-v2.html#mounting
 */
export function onlyUnified(mounts: readonly MountEntry[]): string | undefined {
  if (mounts.some(({ type }) => type === "cgroup")) return undefined;
  return mounts.find(({ type, root }) => type === "cgroup2" && root === "/")?.mountPoint;
}

/** A directory of hierarchies for a dump; it goes with its scope, or with the container's state. */
export type GroupYard = AsyncDisposable & { readonly path: string };

/**
 * Makes a directory of hierarchies that has the v2 one, for criu to look at.
 *
 * @param stateDir of the container
 * @param mounts of whoever calls criu
 */
export async function makeGroupYard(
  stateDir: string,
  mounts: readonly MountEntry[],
): Promise<GroupYard | undefined> {
  const unified = onlyUnified(mounts);
  if (unified === undefined) return undefined;
  const path = join(stateDir, "groups");
  const remove = () => rm(path, { recursive: true, force: true });
  // One that was killed has left its own.
  await remove();
  await mkdir(path, { mode: 0o700 });
  await symlink(unified, join(path, UNIFIED));
  return { path, [Symbol.asyncDispose]: remove };
}
