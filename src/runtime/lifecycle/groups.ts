import { lifecycleError } from "../errors.ts";
import { killGroup } from "../planner/lifecycle.ts";
import type { StoredGroup } from "../state.ts";
import { isFrozen } from "./freezer.ts";
import { containerPids } from "./processes.ts";

/**
 * Refuses groups that somebody else uses: two containers would share their limits and a pause, and delete would kill
 * processes that are none of the container's. A frozen group would hang the new container. Only the group by which
 * delete finds a container's processes is looked at.
 *
 * @throws CONTAINER_GROUP "container's cgroup is not empty", as runc says since 1.2
 */
export async function checkGroups(groups: readonly StoredGroup[]): Promise<void> {
  const group = killGroup(groups);
  if (group === undefined) return;
  const pids = await containerPids({ groups });
  if (pids.length > 0) {
    const count = `${pids.length} process(es) found`;
    throw lifecycleError("GROUP", `container's cgroup is not empty: ${count} in ${group.path}`, {
      hint: "end them, or give the container another linux.cgroupsPath",
    });
  }
  if (isFrozen({ groups })) {
    throw lifecycleError("GROUP", `container's cgroup unexpectedly frozen: ${group.path}`, {
      hint: "let it go on, or give the container another linux.cgroupsPath",
    });
  }
}
