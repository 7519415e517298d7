import { readHostFacts } from "./facts.ts";

/** How the top control group of version 2 is reached. */
export type TopGroup =
  | { readonly path: string }
  /** Of the hierarchy, for a mount of one's own. They hold for everybody: others than these would change them. */
  | { readonly options: readonly string[] };

/**
 * Finds the top control group of version 2: where this process has it mounted, or by the options that it has for pid 1,
 * as in a mount namespace that was made without it. Undefined where the machine does not use version 2.
 */
export async function findTopGroup(): Promise<TopGroup | undefined> {
  for (const pid of ["self", 1] as const) {
    const { cgroupMounts } = await readHostFacts(pid);
    const mount = cgroupMounts.find(({ type, root }) => type === "cgroup2" && root === "/");
    if (mount !== undefined)
      return pid === "self" ? { path: mount.mountPoint } : { options: mount.superOptions };
  }
  return undefined;
}
