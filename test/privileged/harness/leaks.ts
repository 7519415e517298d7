import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { parseMountinfo } from "../../../src/host/index.ts";
import { MARK } from "./config.ts";

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
    ...mounts
      .filter(({ type }) => type === "cgroup" || type === "cgroup2")
      .flatMap(({ mountPoint }) => groupsNamed(id, mountPoint, 6)),
    ...processesOf(id).map(({ pid, command }) => `process ${pid}: ${command}`),
  ];
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
    return name.includes(id) ? [`control group ${path}`] : groupsNamed(id, path, depth - 1);
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
