import { readFileSync, statSync } from "node:fs";
import type { HostFacts } from "../../host/index.ts";
import type { LinuxIntelRdt } from "../../specs/oci-runtime/index.ts";
import { lifecycleError } from "../errors.ts";
import { firstDifference, parseSchemata } from "./schemata.ts";

/** The place of a container in the resctrl file system. Paths are absolute. */
export type ResctrlGroup = {
  /** Where it is mounted. */
  readonly root: string;
  /** Directory of the class of service. */
  readonly path: string;
  /** It must be made. */
  readonly isNew: boolean;
  /** It goes with the container. */
  readonly isOwn: boolean;
  /** What is to be written into its schemata, in one write; absent: nothing. */
  readonly schemata?: string;
  /** Directory of the group that counts for the container alone. */
  readonly monitoring?: string;
};

/**
 * Looks where a container belongs. The files are of the kernel's own making, so reading them waits for nothing.
 *
 * A class that has a name and is there is joined as it is; what the configuration says of it must be in force.
 * Source: https://github.com/opencontainers/runtime-spec/blob/v1.3.0/config-linux.md#intelrdt
 *
 * @throws CONTAINER_RESCTRL where the file system, what it has to control, or the class is missing, or the class is otherwise
 */
export function resctrlGroup(
  { mounts }: Pick<HostFacts, "mounts">,
  { closID, enableMonitoring, ...schemas }: LinuxIntelRdt,
  id: string,
): ResctrlGroup {
  const mounted = mounts.find(({ type, root }) => type === "resctrl" && root === "/");
  if (mounted === undefined) {
    throw refuse("", "the machine has no resctrl file system", {
      hint: "with a processor that can, mount -t resctrl resctrl /sys/fs/resctrl",
    });
  }
  const root = mounted.mountPoint;
  const lines = schemaLines(root, schemas);
  const path = closID === "/" ? root : `${root}/${closID ?? id}`;
  const isNew = !isDirectory(path);
  if (closID !== undefined && isNew && lines.length === 0) {
    throw refuse("/closID", `there is no class of service ${closID}`, {
      hint: `make ${path}, or say what it is to have: schemata, l3CacheSchema, memBwSchema`,
    });
  }
  const isKept = closID !== undefined && !isNew;
  if (isKept) checkInForce(path, lines);
  return {
    root,
    path,
    isNew,
    isOwn: isNew && closID === undefined,
    ...(!isKept && lines.length > 0 && { schemata: schemataText(root, schemas) }),
    ...(enableMonitoring === true && { monitoring: `${path}/mon_groups/${id}` }),
  };
}

/** What a class is to have. */
type Schemas = Pick<LinuxIntelRdt, "l3CacheSchema" | "memBwSchema" | "schemata">;

/** What is written into schemata, in one write, in the order in which it is to take effect. @throws CONTAINER_RESCTRL */
export function schemataText(root: string, schemas: Schemas): string {
  return schemaLines(root, schemas)
    .map((line) => `${line}\n`)
    .join("");
}

function schemaLines(root: string, { l3CacheSchema, memBwSchema, schemata = [] }: Schemas): string[] {
  for (const [member, schema, resource] of [
    ["l3CacheSchema", l3CacheSchema, "L3"],
    ["memBwSchema", memBwSchema, "MB"],
  ] as const) {
    if (schema === undefined || isDirectory(`${root}/info/${resource}`)) continue;
    throw refuse(`/${member}`, `resctrl does not control ${resource} here`, { hint: "leave it out" });
  }
  return [l3CacheSchema, memBwSchema, ...schemata].filter(
    (line) => line !== undefined && line !== "",
  ) as string[];
}

function checkInForce(path: string, lines: readonly string[]): void {
  if (lines.length === 0) return;
  const present = parseSchemata(readFileSync(`${path}/schemata`, "utf8").split("\n"));
  const resource = firstDifference(parseSchemata(lines), present);
  if (resource === undefined) return;
  throw refuse("", `class of service ${path} has other values of ${resource}`, {
    hint: "write what its schemata file has, leave the values out, or take another closID",
  });
}

function isDirectory(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false;
}

function refuse(member: string, reason: string, { hint }: { hint: string }): Error {
  const pointer = `/linux/intelRdt${member}`;
  return lifecycleError("RESCTRL", `cannot use config.json#${pointer}: ${reason}`, {
    hint,
    details: { pointer },
  });
}
