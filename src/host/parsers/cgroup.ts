/** Membership in one hierarchy. Source: cgroups(7), /proc/PID/cgroup */
export type CgroupMembership = {
  /** 0 for the v2 hierarchy. */
  readonly hierarchy: number;
  /** Empty for v2; a named hierarchy has `name=NAME`. */
  readonly controllers: readonly string[];
  /** Path below the root of the reader's cgroup namespace. */
  readonly path: string;
};

/** Reads /proc/PID/cgroup. */
export function parseCgroup(text: string): CgroupMembership[] {
  return text.split("\n").flatMap((line) => {
    const match = /^(\d+):([^:]*):(.*)$/.exec(line);
    if (match === null) return [];
    const [, hierarchy, controllers = "", path = ""] = match;
    return [
      { hierarchy: Number(hierarchy), controllers: controllers === "" ? [] : controllers.split(","), path },
    ];
  });
}
