/** Membership in one hierarchy. Source: cgroups(7), /proc/PID/cgroup */
export type CgroupMembership = {
  /** 0 for the v2 hierarchy. */
  readonly hierarchy: number;
  /** Empty for v2; a named hierarchy has `name=NAME`. */
  readonly controllers: readonly string[];
  /** Path below the root of the reader's cgroup namespace. */
  readonly path: string;
};

/** Reads /proc/PID/cgroup. A line that is not of its form is left out. */
export function parseCgroup(text: string): CgroupMembership[] {
  return text.split("\n").flatMap((line) => {
    const match = /^(\d{1,10}):([^:]*):(.*)$/.exec(line);
    if (match === null) return [];
    const [, hierarchy, controllers = "", path = ""] = match;
    return [
      {
        hierarchy: Number(hierarchy),
        controllers: controllers === "" ? [] : controllers.split(","),
        // What the kernel adds when the group was removed while a dead process was still in it.
        path: path.replace(/ \(deleted\)$/, ""),
      },
    ];
  });
}
