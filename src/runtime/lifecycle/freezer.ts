import { existsSync, readFileSync } from "node:fs";
import { lifecycleError } from "../errors.ts";
import { planFreeze } from "../planner/lifecycle.ts";
import type { StoredGroup, StoredState } from "../state.ts";
import { loadExisting } from "./existing.ts";
import type { RuntimeContext } from "./runtime.ts";
import { statusOf } from "./status.ts";

/**
 * Freezes every process of a container, or lets them go on.
 *
 * @throws CONTAINER_NOT_FOUND; CONTAINER_NOT_RUNNING, CONTAINER_PAUSED with words that callers of runc look for
 */
export async function freezeContainer(context: RuntimeContext, id: string, frozen: boolean): Promise<void> {
  const existing = await loadExisting(context.root, id);
  const status = statusOf(existing, context.facts.bootId);
  const already = isFrozen(existing.state);
  if (status === "stopped" || status === "creating") {
    throw lifecycleError("NOT_RUNNING", `cannot ${frozen ? "pause" : "resume"}: container not running`);
  }
  if (frozen && already) throw lifecycleError("PAUSED", `cannot pause container ${id}: it is paused already`);
  if (!frozen && !already) throw lifecycleError("PAUSED", "cannot resume: container not paused");
  await context.helper.execute(planFreeze(existing, frozen));
}

/** Whether the processes of a container are, or will be, frozen. */
export function isFrozen({ groups }: Pick<StoredState, "groups">): boolean {
  return groups
    .map(freezerState)
    .some((state) => state === "1" || state === "FROZEN" || state === "FREEZING");
}

/** The kernel answers from memory: a detour over other threads would take several times as long. */
function freezerState({ path, version, controllers }: StoredGroup): string {
  if (version === 1 && !controllers.includes("freezer")) return "";
  const file = `${path}/${version === 2 ? "cgroup.freeze" : "freezer.state"}`;
  // Asked first: an error takes longer to make than the answer, and mostly there is no such group.
  if (!existsSync(file)) return "";
  try {
    return readFileSync(file, "utf8").trim();
  } catch {
    // A group that is gone freezes nobody.
    return "";
  }
}
