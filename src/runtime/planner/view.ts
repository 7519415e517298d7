import {
  cloneFlags,
  mountAttributes,
  type Op,
  type Plan,
  propagationFlags,
  type Slot,
} from "../../plan/index.ts";
import type { Mount } from "../../specs/oci-runtime/index.ts";
import { type PlanBuilder, planBuilder } from "./builder.ts";
import type { CreateInput, LayeredRoot } from "./input.ts";
import { parseMountOptions } from "./mount-options.ts";
import { planBind } from "./mounts.ts";
import { overlayRoot } from "./root-mount.ts";

/** The root file system of a container, as something outside of it looks at it. */
export type RootView =
  /** Of a running container: what its first process sees. */
  | { readonly kind: "process"; readonly pid: number; readonly startTime: string }
  /** Of one that does not run: its layers with what is mounted in them. */
  | StoredView;

export type StoredView = {
  readonly kind: "stored";
  readonly source: LayeredRoot;
  /** Nothing in the root itself can be changed. */
  readonly readOnly: boolean;
  /** Bind mounts; other kinds hold nothing while the container does not run. */
  readonly mounts: readonly Mount[];
  /** By the destination of a mount, see `CreateInput`. */
  readonly mountSources?: CreateInput["mountSources"];
  /** An existing directory of the host, over which the root is mounted where nobody else sees it. */
  readonly place: string;
};

/** What a plan does with a root. */
export type RootWork = {
  /** Ops that need no root and come before there is one. */
  readonly prepare?: readonly Op[];
  /** Ops of the host list; `root` holds a pidfd whose root is meant. */
  readonly work: (root: Slot) => readonly Op[];
};

/** The root is complete. */
const MOUNTED = 1;
/** Nobody needs the root any more. */
const DONE = 2;

/**
 * A plan that does something with a container's root file system without starting anything in it. The root of a container
 * that does not run is mounted in a mount namespace that ends with the plan, so that no mount can be left over.
 */
export function planInRoot(view: RootView, describe: (builder: PlanBuilder) => RootWork): Plan {
  const builder = planBuilder();
  const { prepare = [], work } = describe(builder);
  builder.host.push(...prepare);
  if (view.kind === "process") {
    const root = builder.slot();
    const { pid, startTime } = view;
    const open: Op = {
      op: "openProcess",
      from: "container's pid",
      pid,
      startTime: BigInt(startTime),
      out: root,
    };
    builder.host.push(open, ...work(root));
  } else planStored(builder, view, work);
  return builder.finish();
}

function planStored(builder: PlanBuilder, view: StoredView, work: RootWork["work"]): void {
  const { host, stage, init } = builder;
  const from = "container's root";
  const [mount, root, process] = [builder.slot(), builder.slot(), builder.slot()];
  host.push(...rootMount(view, mount));
  stage.push({ op: "spawn", from, flags: cloneFlags.NEWNS });
  init.push(
    { op: "propagation", from, propagation: propagationFlags.PRIVATE },
    { op: "root", from, path: view.place, mount, out: root },
  );
  const { PRIVATE } = propagationFlags;
  const context = {
    builder,
    root,
    sources: host,
    bundle: "/",
    propagation: PRIVATE,
    userSlot: undefined,
  };
  for (const [index, bind] of view.mounts.entries()) {
    const options = parseMountOptions(bind.options ?? []);
    const source = view.mountSources?.get(bind.destination);
    planBind(context, bind, { from: `/mounts/${index}`, options, ...(source && { source }) });
  }
  init.push({ op: "pivot", from, root });
  const set = BigInt(mountAttributes.RDONLY);
  if (view.readOnly) init.push({ op: "setMount", from, root, target: "/", set });
  init.push(
    { op: "release", from, barrier: MOUNTED },
    { op: "await", from, barrier: DONE },
    { op: "leave", from },
  );
  host.push(
    { op: "runStage", from },
    { op: "await", from, barrier: MOUNTED },
    { op: "initProcess", from, out: process },
    ...work(process),
    { op: "release", from, barrier: DONE },
    // The mounts go with the process: the next start must not find them.
    { op: "waitExit", from },
  );
}

function rootMount({ source }: StoredView, out: Slot): Op[] {
  const from = "container's root";
  if (source.kind === "overlay") return [overlayRoot(source, { from, out })];
  // What the container has written was in its memory, and is gone.
  const set = BigInt(mountAttributes.RDONLY);
  return [
    { op: "cloneMount", from, path: source.lower, out },
    { op: "changeMount", from, mount: out, set, propagation: propagationFlags.PRIVATE },
  ];
}
