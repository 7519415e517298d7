import { mountAttributes } from "../../plan/index.ts";
import type { Mount } from "../../specs/oci-runtime/index.ts";
import type { CgroupHierarchy, CgroupLayout } from "../cgroups/layout.ts";
import { DELEGATED_GROUP } from "./cgroups.ts";
import { labelled } from "./labels.ts";
import type { MountOptions } from "./mount-options.ts";
import type { MountContext } from "./mounts.ts";

type Place = { readonly from: string; readonly options: MountOptions };

/**
 * A mount of type cgroup: the container's own view of the hierarchies.
 *
 * With a cgroup namespace the file system itself is mounted and shows the container's group as its root; without one
 * the group's directory is bound. On v1 every hierarchy gets its directory below a tmpfs, as on the host; a mount of
 * type cgroup2 shows the v2 hierarchy alone wherever there is one.
 * Source: https://github.com/opencontainers/runtime-spec/blob/v1.3.0/config-linux.md#cgroup-ownership
 */
export function planCgroupMount(context: MountContext, mount: Mount, place: Place): void {
  const { input } = context;
  const layout = input.visibleGroups ?? input.cgroups;
  const unified = layout?.hierarchies.find(({ version }) => version === 2);
  if (layout === undefined) return;
  if (unified !== undefined && (layout.version === "v2" || mount.type === "cgroup2")) {
    const delegated = input.delegates ? `/${DELEGATED_GROUP}` : "";
    const shown = { ...unified, path: `${unified.path}${delegated}` };
    planHierarchy(context, shown, { ...place, target: mount.destination });
    return;
  }
  planLegacy(context, mount, { ...place, layout });
}

function planLegacy(
  context: MountContext,
  mount: Mount,
  { from, options, layout }: Place & { layout: CgroupLayout },
): void {
  const { builder, input, root } = context;
  const readOnly = (options.own.set & mountAttributes.RDONLY) !== 0;
  builder.init.push({
    op: "mountFs",
    from,
    root,
    target: mount.destination,
    type: "tmpfs",
    source: "tmpfs",
    ...labelled("tmpfs", ["mode=755"], input),
    set: BigInt(options.own.set & ~mountAttributes.RDONLY),
  });
  for (const hierarchy of layout.hierarchies) {
    if (hierarchy.version !== 1) continue;
    const name = hierarchy.mount.slice(hierarchy.mount.lastIndexOf("/") + 1);
    planHierarchy(context, hierarchy, { from, options, target: `${mount.destination}/${name}` });
    for (const controller of hierarchy.controllers) {
      if (controller === name || controller.startsWith("name=")) continue;
      builder.init.push({
        op: "symlink",
        from,
        root,
        path: `${mount.destination}/${controller}`,
        target: name,
      });
    }
  }
  if (readOnly) {
    builder.init.push({
      op: "setMount",
      from,
      root,
      target: mount.destination,
      set: BigInt(mountAttributes.RDONLY),
    });
  }
}

function planHierarchy(
  context: MountContext,
  hierarchy: CgroupHierarchy,
  place: Place & { target: string },
): void {
  const { builder, root, namespaces, sources } = context;
  const { from, options, target } = place;
  const set = BigInt(options.own.set);
  const group = `${hierarchy.mount}/${hierarchy.path}`.replace(/\/{2,}/g, "/").replace(/(.)\/$/, "$1");
  if (namespaces.unshareFlags !== 0) {
    builder.init.push({
      op: "mountFs",
      from,
      root,
      target,
      type: hierarchy.version === 2 ? "cgroup2" : "cgroup",
      source: "cgroup",
      options: hierarchy.version === 2 ? [] : legacyOptions(hierarchy.controllers),
      set,
      else: group,
    });
    return;
  }
  const detached = builder.slot();
  sources.push({ op: "cloneMount", from, path: group, out: detached });
  sources.push({ op: "changeMount", from, mount: detached, set, propagation: 0x40000 });
  builder.init.push({ op: "attach", from, root, mount: detached, target });
}

/** A named hierarchy without controllers is mounted with `none`. */
function legacyOptions(controllers: readonly string[]): string[] {
  const named = controllers.filter((controller) => controller.startsWith("name="));
  return named.length === controllers.length ? ["none", ...named] : [...controllers];
}
