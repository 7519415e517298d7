import { cgroupError } from "./errors.ts";

/** The transient unit that holds a container's processes. */
export type SystemdUnit = {
  /** Name of the scope, such as `docker-ID.scope`. */
  readonly name: string;
  readonly slice: string;
  /** Path of its control group, with a leading slash. */
  readonly path: string;
};

/** Where units are of the manager that is asked for them. */
export type UnitHome = {
  /** Path of the control group with the manager's slices; empty for the top one. */
  readonly group: string;
  /** The slice of a unit whose path names none. */
  readonly slice: string;
};

const machine: UnitHome = { group: "", slice: "system.slice" };
const DEFAULT_PREFIX = "tug";

/** Characters of unit names. Source: systemd.unit(5) "DESCRIPTION" */
const unitName = /^[A-Za-z0-9:_.\\@-]{1,255}$/;

/**
 * The unit that `slice:prefix:name` names; without a path a scope in the default slice. A slice whose name has parts lies
 * within those: `a-b.slice` in `a.slice`.
 *
 * Source: https://github.com/opencontainers/runc/blob/v1.3.0/docs/systemd.md, systemd.slice(5)
 * @throws CGROUP_PATH
 */
export function systemdUnit(cgroupsPath: string | undefined, id: string, home = machine): SystemdUnit {
  const [slice = "", prefix = "", name = "", ...more] = (cgroupsPath || `:${DEFAULT_PREFIX}:${id}`).split(
    ":",
  );
  const scope = `${prefix === "" ? "" : `${prefix}-`}${name}.scope`;
  const parent = slice === "" ? home.slice : slice;
  if (more.length > 0 || name === "" || !cgroupsPathIsUnit(cgroupsPath)) {
    throw refuse(`${JSON.stringify(cgroupsPath)} is not of the form slice:prefix:name`);
  }
  if (name.endsWith(".slice")) throw refuse(`${name} is a slice, which holds no processes`);
  if (!unitName.test(scope)) throw refuse(`${JSON.stringify(scope)} is no name of a unit`);
  return { name: scope, slice: parent, path: `${home.group}${slicePath(parent)}/${scope}` };
}

/** Whether a path names a unit and not a directory. */
export function cgroupsPathIsUnit(cgroupsPath: string | undefined): boolean {
  return !cgroupsPath || /^[^/]*:[^/]*:[^/]*$/.test(cgroupsPath);
}

function slicePath(slice: string): string {
  if (slice === "-.slice") return "";
  const stem = /^([A-Za-z0-9:_.\\@-]{1,249})\.slice$/.exec(slice)?.[1];
  const parts = stem?.split("-") ?? [];
  if (parts.length === 0 || parts.includes(""))
    throw refuse(`${JSON.stringify(slice)} is no name of a slice`);
  return parts.map((_, index) => `/${parts.slice(0, index + 1).join("-")}.slice`).join("");
}

function refuse(reason: string): Error {
  return cgroupError("PATH", `cannot use config.json#/linux/cgroupsPath: ${reason}`, {
    hint: "give slice:prefix:name, such as system.slice:tug:web, or run without --systemd-cgroup",
    details: { pointer: "/linux/cgroupsPath" },
  });
}
