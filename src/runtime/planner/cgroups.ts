import type { Slot } from "../../plan/index.ts";
import type { CgroupHierarchy } from "../cgroups/layout.ts";
import type { PlanBuilder } from "./builder.ts";
import type { CreateInput } from "./input.ts";

/** How the container's process gets into its groups. */
export type CgroupPlan = {
  /** v2: the clone puts the child into it. */
  readonly birth: Slot | undefined;
  /** v1: the child moves itself. */
  readonly join: readonly Slot[];
};

/** Controllers that a v2 group is given if the kernel has them. */
const unifiedControllers = ["cpuset", "cpu", "io", "memory", "hugetlb", "pids", "rdma", "misc"];

/** Makes the groups, sets every limit, and says how to join. Limits are set before a process exists. */
export function planCgroups(builder: PlanBuilder, input: CreateInput): CgroupPlan {
  const layout = input.cgroups;
  if (layout === undefined) return { birth: undefined, join: [] };
  const slots = new Map<CgroupHierarchy, Slot>();
  for (const hierarchy of layout.hierarchies) {
    const out = builder.slot();
    slots.set(hierarchy, out);
    builder.host.push({
      op: "cgroupCreate",
      from: "/linux/cgroupsPath",
      mount: hierarchy.mount,
      path: hierarchy.path,
      cpuset: hierarchy.version === 1 && hierarchy.controllers.includes("cpuset") ? 1 : 0,
      controllers: hierarchy.version === 2 ? unifiedControllers : [],
      out,
    });
  }
  const entries = [...slots];
  return {
    birth: entries.find(([hierarchy]) => hierarchy.version === 2)?.[1],
    join: entries.filter(([hierarchy]) => hierarchy.version === 1).map(([, slot]) => slot),
  };
}
