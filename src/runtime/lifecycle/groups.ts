import type { Dirent } from "node:fs";
import { readdir, readFile } from "node:fs/promises";
import { errnoOf } from "../../base/index.ts";
import { lifecycleError } from "../errors.ts";
import { killGroup } from "../planner/lifecycle.ts";
import type { StoredGroup } from "../state.ts";
import { isFrozen } from "./freezer.ts";

/** How deep below a container's group processes are looked for. */
const DEPTH_MAX = 64;

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
  if (await isPopulated(group)) {
    throw lifecycleError("GROUP", `container's cgroup is not empty: processes found in ${group.path}`, {
      hint: "end them, or give the container another linux.cgroupsPath",
    });
  }
  if (await isFrozen({ groups })) {
    throw lifecycleError("GROUP", `container's cgroup unexpectedly frozen: ${group.path}`, {
      hint: "let it go on, or give the container another linux.cgroupsPath",
    });
  }
}

/** Whether a group, or one below it, has a process. */
async function isPopulated({ path, version }: StoredGroup): Promise<boolean> {
  if (version === 2) return /^populated 1$/m.test(await contentOf(`${path}/cgroup.events`));
  return hasProcesses(path, DEPTH_MAX);
}

async function hasProcesses(directory: string, depth: number): Promise<boolean> {
  if ((await contentOf(`${directory}/cgroup.procs`)) !== "") return true;
  if (depth === 0) return true;
  for (const entry of await entriesOf(directory)) {
    if (entry.isDirectory() && (await hasProcesses(`${directory}/${entry.name}`, depth - 1))) return true;
  }
  return false;
}

/** Empty where there is none: the group is not there, or is on its way out. */
async function contentOf(path: string): Promise<string> {
  return readFile(path, "utf8").catch((error: unknown) => emptyIfGone(error, ""));
}

async function entriesOf(directory: string): Promise<Dirent[]> {
  return readdir(directory, { withFileTypes: true }).catch((error: unknown) => emptyIfGone(error, []));
}

function emptyIfGone<T>(error: unknown, empty: T): T {
  if (["ENOENT", "ENODEV"].includes(errnoOf(error) ?? "")) return empty;
  throw error;
}
