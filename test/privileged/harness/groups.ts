import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { parseCgroup, parseMountinfo } from "../../../src/host/index.ts";

/** A control group as this mount namespace shows it, and where its hierarchy is mounted. */
export type Group = { readonly version: 1 | 2; readonly mount: string; readonly directory: string };

/**
 * The group of a process that a controller is in: of the v1 hierarchy that has it, else of v2. Undefined where the
 * machine has neither.
 */
export function groupOf(pid: number | "self", controller: string): Group | undefined {
  const mounts = parseMountinfo(readFileSync("/proc/self/mountinfo", "utf8"));
  const memberships = parseCgroup(readFileSync(`/proc/${pid}/cgroup`, "utf8"));
  const legacy = memberships.find(({ controllers }) => controllers.includes(controller));
  const membership = legacy ?? memberships.find(({ hierarchy }) => hierarchy === 0);
  if (membership === undefined) return undefined;
  const mount = mounts.findLast(({ type, superOptions }) =>
    legacy === undefined ? type === "cgroup2" : type === "cgroup" && superOptions.includes(controller),
  );
  if (mount === undefined) return undefined;
  const below = mount.root === "/" ? membership.path : membership.path.slice(mount.root.length);
  const { mountPoint } = mount;
  return { version: legacy === undefined ? 2 : 1, mount: mountPoint, directory: join(mountPoint, below) };
}

/** Why a test that limits by a controller cannot run here, or false. */
export function lacksController(controller: string): string | false {
  const own = groupOf("self", controller);
  if (own === undefined) return `needs the ${controller} controller`;
  if (own.version === 1) return false;
  const root = parseMountinfo(readFileSync("/proc/self/mountinfo", "utf8")).findLast(
    ({ type }) => type === "cgroup2",
  );
  const available = readFileSync(join(root?.mountPoint ?? "", "cgroup.controllers"), "utf8");
  return available.trim().split(" ").includes(controller) ? false : `needs the ${controller} controller`;
}

/** The content of a file of a group without its last line break; undefined where the kernel has no such file. */
export function groupFile({ directory }: Group, name: string): string | undefined {
  const path = join(directory, name);
  return existsSync(path) ? readFileSync(path, "utf8").trimEnd() : undefined;
}
