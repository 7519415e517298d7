import type { Plan, Slot } from "../../plan/index.ts";
import type { LinuxResources } from "../../specs/oci-runtime/index.ts";
import { type CgroupLayout, type CgroupWrite, hierarchyOf, resourceWrites } from "../cgroups/index.ts";
import type { StoredState } from "../state.ts";
import { planBuilder } from "./builder.ts";
import { pushWrite } from "./cgroups.ts";
import type { Existing } from "./lifecycle.ts";

/**
 * Changes limits of a container that exists.
 *
 * @param resources what is to change
 * @param before the limits in force, from which what belongs together is completed
 * @throws CGROUP_RESOURCE for a limit that its control groups cannot express
 */
export function planUpdate({ state }: Existing, resources: LinuxResources, before: LinuxResources): Plan {
  const builder = planBuilder();
  const layout = layoutOf(state);
  const open = new Map<string, Slot>();
  for (const write of limitWrites({ state }, resources, before)) {
    const path = hierarchyOf(layout, write.controller)?.mount;
    if (path === undefined) continue;
    let group = open.get(path);
    if (group === undefined) {
      group = builder.slot();
      open.set(path, group);
      builder.host.push({ op: "cgroupOpen", from: "container's groups", path, out: group });
    }
    pushWrite(builder, group, write);
  }
  return builder.finish();
}

/** What a change of limits writes into the files of a container's groups. @throws CGROUP_RESOURCE */
export function limitWrites(
  { state }: Pick<Existing, "state">,
  resources: LinuxResources,
  before: LinuxResources,
): CgroupWrite[] {
  return resourceWrites(resources, layoutOf(state), { before });
}

/** The container's groups as a layout in which each group is a mount of its own. */
function layoutOf({ groups }: StoredState): CgroupLayout {
  const hierarchies = groups.map(({ path, version, controllers }) => ({
    version,
    controllers,
    mount: path,
    path: "/",
  }));
  const versions = new Set(hierarchies.map(({ version }) => version));
  return { version: versions.size > 1 ? "hybrid" : versions.has(2) ? "v2" : "v1", hierarchies };
}
