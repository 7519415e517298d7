import type { Slot } from "../../plan/index.ts";
import { cgroupError } from "../cgroups/errors.ts";
import {
  type CgroupHierarchy,
  type CgroupLayout,
  type CgroupWrite,
  containerDeviceRules,
  deviceProgram,
  hierarchyOf,
  legacyDeviceWrites,
  resourceWrites,
} from "../cgroups/index.ts";
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
  if (input.insideContainer) makeRoom(builder, layout);
  const groups: Groups = makeGroups(builder, layout);
  const whole = input.visibleGroups ?? layout;
  const writes = resourceWrites(input.spec.linux?.resources ?? {}, whole);
  for (const write of writes) pushWrite(builder, groups.get(hierarchyOf(whole, write.controller)), write);
  planDeviceRules(builder, input, { layout, groups });
  const entries = [...groups];
  return {
    birth: birthGroup(builder, input, groups),
    join: entries.filter(([hierarchy]) => hierarchy?.version === 1).map(([, slot]) => slot),
  };
}

/** The slot of the container's group in each hierarchy; nothing is found where there is no hierarchy. */
type Groups = ReadonlyMap<CgroupHierarchy | undefined, Slot>;

/** So many groups a container may make: each costs the kernel memory that no limit of the container counts. */
const MOST_GROUPS = "4096";

/** The name of the group below a container's own that is handed over to the container. */
export const DELEGATED_GROUP = "inside";

/**
 * The v2 group that the first process is born in. One that makes groups of its own may write every file of the group that
 * it is given, its limits too, unless the machine has mounted v2 with nsdelegate: it gets one below that of the limits.
 * Source: https://docs.kernel.org/admin-guide/cgroup-v2.html#delegation
 */
function birthGroup(builder: PlanBuilder, { delegates }: CreateInput, groups: Groups): Slot | undefined {
  const [hierarchy, own] = [...groups].find(([each]) => each?.version === 2) ?? [];
  if (!delegates || hierarchy === undefined || own === undefined) return own;
  const out = builder.slot();
  const from = "/linux/cgroupsPath";
  builder.host.push({
    op: "cgroupSet",
    from,
    group: own,
    file: "cgroup.max.descendants",
    value: MOST_GROUPS,
  });
  builder.host.push({
    op: "cgroupCreate",
    from,
    mount: hierarchy.mount,
    path: `${hierarchy.path}/${DELEGATED_GROUP}`,
    cpuset: 0,
    controllers: unifiedControllers,
    out,
  });
  return out;
}

/** The name of the group that the processes of a container move to that has others below it. */
const OWN_LEAF = "main";

function makeRoom({ host }: PlanBuilder, { hierarchies }: CgroupLayout): void {
  for (const { mount, path, version } of hierarchies) {
    if (version !== 2) continue;
    const above = `${mount}${path.slice(0, path.lastIndexOf("/"))}`;
    host.push({ op: "cgroupVacate", from: "/linux/cgroupsPath", path: above, leaf: OWN_LEAF });
  }
}

function makeGroups(builder: PlanBuilder, { hierarchies }: CgroupLayout): Groups {
  const groups = new Map<CgroupHierarchy | undefined, Slot>();
  for (const hierarchy of hierarchies) {
    const out = builder.slot();
    groups.set(hierarchy, out);
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
  return groups;
}

/** Without a group for it there is no write: such a limit has been refused, or is none. */
export function pushWrite({ host }: PlanBuilder, group: Slot | undefined, write: CgroupWrite): void {
  if (group === undefined) return;
  const { file, value, from, ignore, instead } = write;
  host.push({
    op: "cgroupSet",
    from,
    group,
    file,
    value,
    ...(instead && { elseFile: instead.file, elseValue: instead.value }),
    ...(ignore && { ignore: [...ignore] }),
  });
}

/** Where devices are on v1 the rules are lines of its files, else a program on the v2 group. */
function planDeviceRules(
  builder: PlanBuilder,
  { spec, withoutDeviceRules = false }: CreateInput,
  { layout, groups }: { layout: CgroupLayout; groups: Groups },
): void {
  if (withoutDeviceRules) return;
  const hierarchy = hierarchyOf(layout, "devices");
  const group = groups.get(hierarchy);
  const configured = spec.linux?.resources?.devices ?? [];
  if (group === undefined && configured.length > 0) {
    throw cgroupError(
      "DEVICES",
      "cannot use config.json#/linux/resources/devices: the devices controller is not mounted",
      { hint: "mount it on the host or remove the rules" },
    );
  }
  if (hierarchy === undefined || group === undefined) return;
  const rules = containerDeviceRules(spec.linux);
  if (hierarchy.version === 1) {
    for (const write of legacyDeviceWrites(rules)) pushWrite(builder, group, write);
  } else {
    const from = "/linux/resources/devices";
    builder.host.push({ op: "cgroupDevices", from, group, program: deviceProgram(rules) });
  }
}
