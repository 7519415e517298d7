import { mkdir, readFile, writeFile } from "node:fs/promises";
import { parseCgroup, parseMountinfo } from "../host/index.ts";

/** The engine's own control group, beside those of its monitors and containers. */
const GROUP = "tug/engine";

/**
 * Makes the engine's control group in every hierarchy and returns the files to join it by. A hierarchy that cannot be
 * written is left out: the engine then stays where its starter is.
 */
export async function engineGroupFiles(): Promise<string[]> {
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
    const directory = `${mount.mountPoint}/${GROUP}`;
    try {
      await mkdir(directory, { recursive: true });
      if (controllers.includes("cpuset")) await fillCpuset(mount.mountPoint);
      files.push(`${directory}/${hierarchy === 0 ? "cgroup.procs" : "tasks"}`);
    } catch {
      // Not ours to make.
    }
  }
  return files;
}

/** A v1 cpuset group takes nobody in before it has CPUs and memory nodes. */
async function fillCpuset(mountPoint: string): Promise<void> {
  for (const file of ["cpuset.cpus", "cpuset.mems"]) {
    let value = await readFile(`${mountPoint}/${file}`, "utf8");
    for (const directory of ["tug", GROUP]) {
      const path = `${mountPoint}/${directory}/${file}`;
      const own = (await readFile(path, "utf8")).trim();
      if (own === "") await writeFile(path, value);
      else value = own;
    }
  }
}
