import { cloneFlags, type Plan, propagationFlags } from "../../plan/index.ts";
import { planBuilder } from "../planner/builder.ts";
import type { CreateInput } from "../planner/input.ts";
import { parseMountOptions } from "../planner/mount-options.ts";
import { planBind } from "../planner/mounts.ts";
import { mountRoot, rootPath, type StandingRoot } from "../planner/root-mount.ts";

/** The mount points are there. */
const MADE = 1;

/**
 * Makes the mount points of a configuration in its root file system, in a mount namespace that ends with the plan. criu
 * takes them for granted, but the root may be a new one of the same image.
 */
export function planMountPoints(input: CreateInput & { readonly root: StandingRoot }): Plan {
  const { spec, bundle } = input;
  const builder = planBuilder();
  const { host, stage, init, slot } = builder;
  const from = "container's root";
  const [mount, root] = [slot(), slot()];
  const path = rootPath(input);
  host.push(...mountRoot(input.root, { from, path, out: mount }));
  stage.push({ op: "spawn", from, flags: cloneFlags.NEWNS });
  init.push(
    { op: "propagation", from, propagation: propagationFlags.PRIVATE },
    { op: "root", from, path, mount, out: root },
  );
  const context = { builder, root, sources: host, bundle, propagation: propagationFlags.PRIVATE };
  const inMemory: string[] = [];
  for (const [index, wanted] of (spec.mounts ?? []).entries()) {
    const { destination, type } = wanted;
    // What is below a tmpfs is dumped with it.
    if (inMemory.some((above) => destination.startsWith(above))) continue;
    const options = parseMountOptions(wanted.options ?? []);
    const place = `/mounts/${index}`;
    if (type === "bind" || options.bind !== "no")
      planBind({ ...context, userSlot: undefined }, wanted, { from: place, options });
    else {
      init.push({ op: "makeDirectory", from: place, root, path: destination, mode: 0o755 });
      inMemory.push(`${destination}/`);
    }
  }
  init.push({ op: "pivot", from, root }, { op: "release", from, barrier: MADE }, { op: "leave", from });
  host.push({ op: "runStage", from }, { op: "await", from, barrier: MADE }, { op: "waitExit", from });
  return builder.finish();
}
