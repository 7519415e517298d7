import { directoryFlags, type Op, openFlags, type Plan, type Slot } from "../../plan/index.ts";
import type { StoredResctrl } from "../state.ts";
import { type PlanBuilder, planBuilder } from "./builder.ts";
import type { CreateInput } from "./input.ts";

/** Makes what is missing of a container's place in resctrl, sets it, and returns the groups to join, in this order. */
export function planResctrl(builder: PlanBuilder, { resctrl }: Pick<CreateInput, "resctrl">): Slot[] {
  if (resctrl === undefined) return [];
  const { path, isNew, schemata, monitoring } = resctrl;
  const from = "/linux/intelRdt";
  if (isNew) builder.host.push({ op: "directory", from, path, mode: 0o755 });
  const group = openGroup(builder, path, from);
  if (schemata !== undefined)
    builder.host.push({ op: "cgroupSet", from, group, file: "schemata", value: schemata });
  if (monitoring === undefined) return [group];
  // One of the container's name is what is left of another container of it.
  const flags = directoryFlags.MAY_EXIST;
  builder.host.push({ op: "directory", from, path: monitoring, mode: 0o755, flags });
  return [group, openGroup(builder, monitoring, from)];
}

/** Moves the calling process into groups; its children are born there. */
export function joinResctrl(groups: readonly Slot[]): Op[] {
  return groups.map((group) => ({ op: "cgroupJoin", from: "/linux/intelRdt", group, version: 1 }));
}

/** Moves a further process into the groups of a container that exists; one that somebody has removed is passed over. */
export function planResctrlOfExec(
  { host, stage, slot }: PlanBuilder,
  place: StoredResctrl | undefined,
): void {
  if (place === undefined) return;
  const from = "container's class of service";
  for (const path of [place.path, ...(place.monitoring === undefined ? [] : [place.monitoring])]) {
    const out = slot();
    host.push({ op: "openFile", from, path, flags: openFlags.RDONLY, out, ignore: ["ENOENT"] });
    stage.push({ op: "cgroupJoin", from, group: out, version: 1, ignore: ["EBADF"] });
  }
}

/** Sets the class of a container that exists. */
export function planSchemata({ path }: StoredResctrl, value: string): Plan {
  const builder = planBuilder();
  const group = openGroup(builder, path, "/linux/intelRdt");
  builder.host.push({ op: "cgroupSet", from: "/linux/intelRdt", group, file: "schemata", value });
  return builder.finish();
}

/** What is removed with a container: inner groups first. */
export function removeResctrl(place: StoredResctrl | undefined, timeout: number): Op[] {
  if (place === undefined) return [];
  const { path, isOwn, monitoring } = place;
  const made = [...(monitoring === undefined ? [] : [monitoring]), ...(isOwn ? [path] : [])];
  return made.map((each) => ({
    op: "cgroupRemove",
    from: "delete",
    path: each,
    timeout,
    ignore: ["ENOENT"],
  }));
}

/** What the state says of a place. */
export function storedResctrl({ resctrl }: Pick<CreateInput, "resctrl">): StoredResctrl | undefined {
  if (resctrl === undefined) return undefined;
  const { root, path, isOwn, monitoring } = resctrl;
  return { root, path, isOwn, ...(monitoring !== undefined && { monitoring }) };
}

function openGroup(builder: PlanBuilder, path: string, from: string): Slot {
  const out = builder.slot();
  builder.host.push({ op: "openFile", from, path, flags: openFlags.RDONLY, out });
  return out;
}
