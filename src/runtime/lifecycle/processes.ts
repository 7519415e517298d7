import { statSync } from "node:fs";
import { readdir, readFile } from "node:fs/promises";
import { errnoOf } from "../../base/index.ts";
import { killGroups } from "../planner/lifecycle.ts";
import type { StoredState } from "../state.ts";

/** A container can make groups below its own where it may write to the hierarchy: more than so many are not looked at. */
const MOST_GROUPS = 10_000;

/** A group that was removed while it was looked at. */
const gone = new Set(["ENOENT", "ENODEV"]);

/** The processes of a container, whoever started them, by number: those of its control group and of the groups below. */
export async function containerPids(state: Pick<StoredState, "groups" | "handler">): Promise<number[]> {
  const pids = new Set<number>();
  const directories = killGroups(state).filter((path) => !isGone(path));
  for (let index = 0; index < Math.min(directories.length, MOST_GROUPS); index += 1) {
    const directory = directories[index] as string;
    for (const pid of await pidsOf(directory)) pids.add(pid);
    directories.push(...(await groupsBelow(directory)));
  }
  return [...pids].toSorted((a, b) => a - b);
}

/** The kernel answers from memory. A group that was never made, or is removed, is what most often is found. */
function isGone(directory: string): boolean {
  return statSync(directory, { throwIfNoEntry: false }) === undefined;
}

async function pidsOf(directory: string): Promise<number[]> {
  const text = await readFile(`${directory}/cgroup.procs`, "utf8").catch((error: unknown) => {
    // A threaded group of version 2 has no list of processes: they are in the one above it.
    if (gone.has(errnoOf(error) ?? "") || errnoOf(error) === "EOPNOTSUPP") return "";
    throw error;
  });
  // 0 is a process of another pid namespace, which cannot be named here.
  return text
    .split("\n")
    .map(Number)
    .filter((pid) => pid > 0);
}

async function groupsBelow(directory: string): Promise<string[]> {
  const entries = await readdir(directory, { withFileTypes: true }).catch((error: unknown) => {
    if (gone.has(errnoOf(error) ?? "")) return [];
    throw error;
  });
  return entries.filter((entry) => entry.isDirectory()).map(({ name }) => `${directory}/${name}`);
}
