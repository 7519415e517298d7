import { mountAttributes, type Op, propagationFlags, type Slot } from "../../plan/index.ts";
import type { Mount, PropagationMode } from "../../specs/oci-runtime/index.ts";
import type { PlanBuilder } from "./builder.ts";
import { planCgroupMount } from "./cgroup-mount.ts";
import { mapLines } from "./id-maps.ts";
import type { CreateInput, MountSource } from "./input.ts";
import { labelled } from "./labels.ts";
import { type MountOptions, parseMountOptions } from "./mount-options.ts";
import type { NamespacePlan } from "./namespaces.ts";
import { planNotifyMount } from "./notify.ts";

export type MountContext = {
  readonly builder: PlanBuilder;
  readonly input: CreateInput;
  readonly namespaces: NamespacePlan;
  /** Slot of the container's root directory. */
  readonly root: Slot;
  /**
   * Where what is cloned of the host is collected: the host list, or for a caller without the right to clone there, what
   * comes before the root in the init list.
   */
  readonly sources: Op[];
};

/** Ops for after the pivot, such as making a mount read-only that things were made in. */
export type Deferred = Op[];

/**
 * Every mount of config.json, in its order. What comes from the host is cloned and configured as a detached mount
 * before the clone, and only attached inside; what belongs to the container's namespaces is made inside.
 */
export function planMounts(context: MountContext): Deferred {
  const deferred: Deferred = [];
  const bind = bindContext(context);
  for (const [index, mount] of (context.input.spec.mounts ?? []).entries()) {
    const from = `/mounts/${index}`;
    const options = parseMountOptions(mount.options ?? []);
    const source = context.input.mountSources?.get(mount.destination);
    if (source !== undefined) planBind(bind, mount, { from, options, source });
    else if (mount.type === "cgroup" || mount.type === "cgroup2")
      planCgroupMount(context, mount, { from, options });
    else if (options.bind !== "no" || mount.type === "bind") planBind(bind, mount, { from, options });
    else planFileSystem(context, mount, { from, options, deferred });
  }
  planNotifyMount(bind, context.input);
  return deferred;
}

function bindContext({ builder, root, sources, input, namespaces }: MountContext): BindContext {
  const { bundle, spec } = input;
  const propagation = mountPropagation(spec.linux?.rootfsPropagation);
  return { builder, root, sources, bundle, propagation, userSlot: namespaces.userSlot };
}

/** The propagation type that a rootfsPropagation stands for; the default is that of runc. */
export function rootPropagation(mode: PropagationMode | undefined): number {
  const name = (mode ?? "rslave").replace(/^r/, "").toUpperCase() as keyof typeof propagationFlags;
  return propagationFlags[name];
}

/**
 * What a mount gets that says nothing itself. "Unbindable" is the root's alone, and at the very end: nothing could be
 * made inside by cloning any more.
 */
export function mountPropagation(mode: PropagationMode | undefined): number {
  const type = rootPropagation(mode);
  return type === propagationFlags.UNBINDABLE ? propagationFlags.PRIVATE : type;
}

type Place = { from: string; options: MountOptions };

type BindPlace = Place & { source?: MountSource };

/** What a bind mount needs to know of its surroundings. */
export type BindContext = Pick<MountContext, "builder" | "root" | "sources"> & {
  /** Relative sources lie below it. */
  readonly bundle: string;
  /** Propagation of a mount that says nothing itself. */
  readonly propagation: number;
  /** The container's user namespace. */
  readonly userSlot: Slot | undefined;
};

/** Clones a source of the host, gives it its options, and attaches it inside. */
export function planBind(context: BindContext, mount: Mount, { from, options, source }: BindPlace): void {
  const { builder, bundle, root, sources } = context;
  const detached = builder.slot();
  const [top = mount.source ?? "", ...below] = source?.layers ?? [];
  if (below.length > 0) sources.push({ op: "overlay", from, lowers: [top, ...below], out: detached });
  else
    sources.push({
      op: "cloneMount",
      from,
      path: top.startsWith("/") ? top : `${bundle}/${top}`,
      flags: (options.bind === "recursive" ? 1 : 0) | (options.nofollowSource ? 2 : 0),
      out: detached,
    });
  for (const change of bindChanges(context, options)) {
    sources.push({ op: "changeMount", from, mount: detached, ...change });
  }
  const userNamespace = idmapSlot(context, mount, { from, options });
  if (userNamespace !== undefined) {
    const recursive = options.idmap === "recursive" ? 1 : 0;
    sources.push({ op: "changeMount", from, mount: detached, userNamespace, recursive });
  }
  const inside = source?.subpath === undefined ? {} : { inside: source.subpath };
  builder.init.push({ op: "attach", from, root, mount: detached, target: mount.destination, ...inside });
}

type Change = { set?: bigint; clear?: bigint; propagation?: number; recursive?: number };

/**
 * A clone of a shared mount stays its peer, so mounts made inside would appear on the host: without a word in the
 * options the clone gets the propagation of the root.
 */
function bindChanges({ propagation }: BindContext, options: MountOptions): Change[] {
  const changes: Change[] = [];
  if (options.propagation.length === 0) {
    changes.push({ propagation, recursive: 1 });
  }
  for (const { type, recursive } of options.propagation) {
    changes.push({ propagation: type, recursive: recursive ? 1 : 0 });
  }
  const { own, recursive } = options;
  if (recursive.set !== 0 || recursive.clear !== 0) changes.push({ ...attributes(recursive), recursive: 1 });
  if (own.set !== 0 || own.clear !== 0) changes.push(attributes(own));
  return changes;
}

function attributes({ set, clear }: { set: number; clear: number }): Change {
  return { set: BigInt(set), clear: BigInt(clear) };
}

/** The user namespace that an idmapped mount follows: one made for its own mappings, else the container's. */
function idmapSlot(
  { builder, userSlot }: BindContext,
  mount: Mount,
  { from, options }: Place,
): Slot | undefined {
  if (mount.uidMappings !== undefined || mount.gidMappings !== undefined) {
    const out = builder.slot();
    builder.host.push({
      op: "userNamespace",
      from: `${from}/uidMappings`,
      uidMap: mapLines(mount.uidMappings ?? []),
      gidMap: mapLines(mount.gidMappings ?? []),
      out,
    });
    return out;
  }
  return options.idmap === "no" ? undefined : userSlot;
}

function planFileSystem(context: MountContext, mount: Mount, place: Place & { deferred: Deferred }): void {
  const { builder, input, root, namespaces } = context;
  const { from, options, deferred } = place;
  const type = mount.type ?? "none";
  // Devices and links are made in /dev after it is mounted, so it becomes read-only after the pivot.
  const readOnlyLater = mount.destination === "/dev" && (options.own.set & mountAttributes.RDONLY) !== 0;
  const set = readOnlyLater ? options.own.set & ~mountAttributes.RDONLY : options.own.set;
  builder.init.push({
    op: "mountFs",
    from,
    root,
    target: mount.destination,
    type,
    source: mount.source ?? type,
    ...labelled(type, options.data, input),
    set: BigInt(set),
    copyUp: options.copyUp ? 1 : 0,
    ...(type === "sysfs" && { else: "/sys" }),
    ...(type === "mqueue" && namespaces.restricted && { else: "/dev/mqueue" }),
    ...(type === "proc" && namespaces.restricted && !namespaces.pid && { else: "/proc" }),
  });
  for (const { type: propagation, recursive } of options.propagation) {
    builder.init.push({
      op: "setMount",
      from,
      root,
      target: mount.destination,
      propagation,
      recursive: recursive ? 1 : 0,
    });
  }
  if (readOnlyLater) {
    deferred.push({
      op: "setMount",
      from,
      root,
      target: mount.destination,
      set: BigInt(mountAttributes.RDONLY),
    });
  }
}
