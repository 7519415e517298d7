import { readdirSync, readFileSync, rmdirSync } from "node:fs";
import { join } from "node:path";
import { parseMountinfo } from "../../../src/host/index.ts";
import { MARK } from "./config.ts";
import { until } from "./until.ts";

/** Where a container could leave something. */
export type Traces = { readonly id: string; readonly root: string; readonly directory: string };

/** Everything that is left of a container: its state, mounts, control groups, processes. */
export function leftovers({ id, root, directory }: Traces): string[] {
  const mounts = parseMountinfo(readFileSync("/proc/self/mountinfo", "utf8"));
  return [
    ...names(root)
      .filter((name) => name.includes(id))
      .map((name) => `state ${join(root, name)}`),
    ...mounts
      .filter(({ mountPoint }) => mountPoint.startsWith(`${directory}/`))
      .map(({ mountPoint }) => `mount ${mountPoint}`),
    ...groupsOf(id).map((path) => `control group ${path}`),
    ...processesOf(id).map(({ pid, command }) => `process ${pid}: ${command}`),
  ];
}

/** Ends and removes what a container has left though it was deleted. The test has failed; the next one shall not. */
export async function sweep({ id }: Traces): Promise<void> {
  for (const { pid } of processesOf(id)) process.kill(pid, "SIGKILL");
  await until("the processes are gone", () => processesOf(id).length === 0);
  await until("the groups are gone", () => groupsOf(id).reverse().every(remove));
}

function remove(directory: string): boolean {
  try {
    rmdirSync(directory);
    return true;
  } catch {
    return false; // A process is still about to leave it.
  }
}

function groupsOf(id: string): string[] {
  return parseMountinfo(readFileSync("/proc/self/mountinfo", "utf8"))
    .filter(({ type }) => type === "cgroup" || type === "cgroup2")
    .flatMap(({ mountPoint }) => groupsNamed(id, mountPoint, 6));
}

/** The processes that carry the mark of a container, or its id among their arguments; not the dead ones. */
export function processesOf(id: string): { pid: number; command: string }[] {
  return names("/proc").flatMap((name) => {
    if (!/^\d+$/.test(name) || Number(name) === process.pid) return [];
    const command = text(`/proc/${name}/cmdline`);
    const marked = text(`/proc/${name}/environ`).split("\0").includes(`${MARK}=${id}`);
    return marked || command.includes(id)
      ? [{ pid: Number(name), command: command.replaceAll("\0", " ") }]
      : [];
  });
}

function groupsNamed(id: string, directory: string, depth: number): string[] {
  if (depth === 0) return [];
  return readDirectories(directory).flatMap((name) => {
    const path = join(directory, name);
    const below = groupsNamed(id, path, depth - 1);
    return path.includes(id) ? [path, ...below] : below;
  });
}

function readDirectories(path: string): string[] {
  try {
    return readdirSync(path, { withFileTypes: true }).flatMap((entry) =>
      entry.isDirectory() ? [entry.name] : [],
    );
  } catch {
    return []; // Another test's group went away meanwhile.
  }
}

function names(path: string): string[] {
  try {
    return readdirSync(path);
  } catch {
    return [];
  }
}

function text(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return "";
  }
}
