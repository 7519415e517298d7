import { mkdir, readFile, writeFile } from "node:fs/promises";
import { errnoOf } from "../base/index.ts";
import { parseCgroup } from "./parsers/cgroup.ts";
import { parseMountinfo } from "./parsers/mountinfo.ts";

/** How often a group is made again that others have removed. */
const TRIES = 20;

/**
 * Makes the control group of the engine or of its monitors, `tug/NAME`, in every hierarchy, and returns the files to
 * join it by. It is a leaf: those of containers lie beside it. A hierarchy that cannot be written is left out: who
 * joins stays there where its starter is.
 */
export async function makeServiceGroup(name: "engine" | "monitors"): Promise<string[]> {
  const group = `tug/${name}`;
  const mounts = parseMountinfo(await readFile("/proc/self/mountinfo", "utf8"));
  const files: string[] = [];
  for (const { hierarchy, controllers } of parseCgroup(
    await readFile("/proc/self/cgroup", "utf8").catch(() => ""),
  )) {
    const mount = mounts.findLast(({ type, superOptions }) =>
      hierarchy === 0
        ? type === "cgroup2"
        : type === "cgroup" && controllers.every((name) => superOptions.includes(name)),
    );
    if (mount === undefined) continue;
    if (await isMade(mount.mountPoint, group, controllers.includes("cpuset")))
      files.push(`${mount.mountPoint}/${group}/${hierarchy === 0 ? "cgroup.procs" : "tasks"}`);
  }
  return files;
}

/** False where it is not ours to make. One that others remove meanwhile, because it is empty, is made again. */
async function isMade(mountPoint: string, group: string, isCpuset: boolean): Promise<boolean> {
  for (let tries = 0; tries < TRIES; tries += 1) {
    try {
      await mkdir(`${mountPoint}/${group}`, { recursive: true });
      if (isCpuset) await fillCpuset(mountPoint, group);
      return true;
    } catch (error) {
      if (!["ENOENT", "ENODEV"].includes(errnoOf(error) ?? "")) return false;
    }
  }
  return false;
}

/** A v1 cpuset group takes nobody in before it has CPUs and memory nodes. */
async function fillCpuset(mountPoint: string, group: string): Promise<void> {
  for (const file of ["cpuset.cpus", "cpuset.mems"]) {
    let value = await readFile(`${mountPoint}/${file}`, "utf8");
    for (const directory of ["tug", group]) {
      const path = `${mountPoint}/${directory}/${file}`;
      const own = (await readFile(path, "utf8")).trim();
      if (own === "") await writeFile(path, value);
      else value = own;
    }
  }
}
