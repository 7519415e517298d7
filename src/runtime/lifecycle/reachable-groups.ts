import { access, constants } from "node:fs/promises";
import { type CgroupHierarchy, callerGroups, hierarchyOf, resourceWrites } from "../cgroups/index.ts";
import { lifecycleError } from "../errors.ts";
import type { CreateInput } from "../planner/input.ts";

/**
 * What a caller without root's rights gets of control groups: those that it may make, because somebody handed it a part
 * of the hierarchy, and none elsewhere. A group that the configuration names must be made, as with runc.
 *
 * @throws CONTAINER_UNPRIVILEGED where a limit is asked for in a hierarchy without such a group
 */
export async function withReachableGroups(input: CreateInput): Promise<CreateInput> {
  const { cgroups: wanted, facts, spec, unprivileged } = input;
  const withoutDeviceRules = unprivileged !== undefined || facts.userNamespace;
  if (wanted === undefined || spec.linux?.cgroupsPath) return { ...input, withoutDeviceRules };
  const judged = await Promise.all(
    wanted.hierarchies.map(async (hierarchy) => ({ hierarchy, made: await mayMake(hierarchy) })),
  );
  const made = judged.filter((each) => each.made).map(({ hierarchy }) => hierarchy);
  refuseLimits(input, made);
  const own = callerGroups({ mounts: facts.cgroupMounts, groups: facts.groups });
  const seen = (hierarchy: CgroupHierarchy) =>
    own.find(
      ({ mount, controllers }) =>
        mount === hierarchy.mount && `${controllers}` === `${hierarchy.controllers}`,
    );
  return {
    ...input,
    withoutDeviceRules,
    cgroups: made.length === 0 ? undefined : { ...wanted, hierarchies: made },
    visibleGroups: {
      ...wanted,
      hierarchies: judged.map(({ hierarchy, made }) => (made ? hierarchy : (seen(hierarchy) ?? hierarchy))),
    },
  };
}

/**
 * Whether the caller may make a group there and put a process into it.
 * Source: https://docs.kernel.org/admin-guide/cgroup-v2.html#delegation-containment
 */
async function mayMake({ version, mount, path }: CgroupHierarchy): Promise<boolean> {
  const procs = version === 2 ? "cgroup.procs" : "tasks";
  const steps = path.split("/").filter((step) => step !== "");
  const group = [mount, ...steps].join("/");
  if (await exists(group)) return mayWrite(group, `${group}/${procs}`);
  for (let count = steps.length - 1; count >= 0; count -= 1) {
    const above = [mount, ...steps.slice(0, count)].join("/");
    if (!(await exists(above))) continue;
    // On v2 a process may move only below a group whose own processes the caller may move.
    return version === 2 ? mayWrite(above, `${above}/${procs}`) : mayWrite(above);
  }
  return false;
}

async function mayWrite(...paths: readonly string[]): Promise<boolean> {
  const allowed = await Promise.all(paths.map((path) => succeeds(access(path, constants.W_OK))));
  return allowed.every(Boolean);
}

function exists(path: string): Promise<boolean> {
  return succeeds(access(path, constants.F_OK));
}

function succeeds(work: Promise<void>): Promise<boolean> {
  return work.then(
    () => true,
    () => false,
  );
}

/** Values that ask for no limit: without a group there is none. */
const unlimited = new Set(["max", "-1"]);

function refuseLimits({ cgroups: wanted, spec }: CreateInput, made: readonly CgroupHierarchy[]): void {
  if (wanted === undefined) return;
  for (const { controller, from, value } of resourceWrites(spec.linux?.resources ?? {}, wanted)) {
    if (unlimited.has(value)) continue;
    const hierarchy = hierarchyOf(wanted, controller);
    if (hierarchy !== undefined && made.includes(hierarchy)) continue;
    const place = hierarchy === undefined ? "" : ` below ${hierarchy.mount}`;
    throw lifecycleError(
      "UNPRIVILEGED",
      `cannot set a limit (config.json#${from}): the caller may make no control group${place}`,
      {
        hint: "remove the limits, or have a group handed over, as systemd-run --user --scope --property Delegate=yes does",
        details: { pointer: from },
      },
    );
  }
}
