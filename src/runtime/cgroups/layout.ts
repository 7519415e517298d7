import { type CgroupMembership, isVisible, type MountEntry } from "../../host/index.ts";
import { cgroupError } from "./errors.ts";

/** One mounted hierarchy and the container's place in it. */
export type CgroupHierarchy = {
  readonly version: 1 | 2;
  /** v1: what /proc/self/cgroup lists, `name=systemd` included; v2: empty, the kernel's file says. */
  readonly controllers: readonly string[];
  readonly mount: string;
  /** Path of the container's group below the mount, with a leading slash. */
  readonly path: string;
};

/** The groups of a container: v2 alone, or v1 with the v2 hierarchy beside it if there is one. */
export type CgroupLayout = {
  readonly version: "v1" | "v2" | "hybrid";
  readonly hierarchies: readonly CgroupHierarchy[];
};

export type LayoutInput = {
  readonly mounts: readonly MountEntry[];
  /** The caller's own groups. */
  readonly groups: readonly CgroupMembership[];
  /** From config.json; absent: the container's id, as a relative path. */
  readonly cgroupsPath: string | undefined;
  readonly id: string;
};

/**
 * Where a container's groups are. Nothing is assumed about where hierarchies are mounted.
 *
 * An absolute path begins at what the mount of a hierarchy shows as its root. A relative one begins at the caller's own
 * group on v1, and beside it on v2, where a group that has both processes and groups below it cannot limit those.
 * runc does the same; crun begins at the root.
 *
 * Source: https://github.com/opencontainers/runtime-spec/blob/v1.3.0/config-linux.md#cgroups-path,
 * https://docs.kernel.org/admin-guide/cgroup-v2.html#no-internal-process-constraint
 * @throws CGROUP_LAYOUT, CGROUP_PATH
 */
export function cgroupLayout(input: LayoutInput): CgroupLayout {
  const wanted = stepsOf(input);
  const found = input.groups.flatMap((membership) => place(membership, wanted, input) ?? []);
  if (found.length === 0) {
    throw cgroupError("LAYOUT", "cannot find a control group hierarchy: none is mounted", {
      hint: "mount cgroup2 on /sys/fs/cgroup",
    });
  }
  const legacy = found.filter(({ version }) => version === 1);
  const unified = found.filter(({ version }) => version === 2);
  const named = legacy.every(({ controllers }) => controllers.every((name) => name.startsWith("name=")));
  if (named && unified.length > 0) return { version: "v2", hierarchies: unified };
  return { version: unified.length > 0 ? "hybrid" : "v1", hierarchies: [...legacy, ...unified] };
}

/** The groups that the caller is in. */
export function callerGroups(input: Pick<LayoutInput, "mounts" | "groups">): CgroupHierarchy[] {
  return input.groups.flatMap((membership) => {
    const mount = mountOf(membership, input.mounts);
    if (mount === undefined) return [];
    const { hierarchy, controllers } = membership;
    const path = visiblePath(membership.path, mount.root);
    return { version: hierarchy === 0 ? 2 : 1, controllers, mount: mount.mountPoint, path } as const;
  });
}

/** The hierarchy that has a controller: the v1 one that lists it, else the v2 one, which has all others. */
export function hierarchyOf({ hierarchies }: CgroupLayout, controller: string): CgroupHierarchy | undefined {
  return (
    hierarchies.find(({ controllers }) => controllers.includes(controller)) ??
    hierarchies.find(({ version }) => version === 2)
  );
}

type Wanted = { readonly absolute: boolean; readonly steps: readonly string[] };

function stepsOf({ cgroupsPath, id }: LayoutInput): Wanted {
  const path = cgroupsPath || id;
  const steps = stepsIn(path);
  const refuse = (reason: string, hint: string) =>
    cgroupError("PATH", `cannot use config.json#/linux/cgroupsPath: ${reason}`, {
      hint,
      details: { pointer: "/linux/cgroupsPath" },
    });
  if (/^[^/]*:[^/]*:[^/]*$/.test(path)) {
    throw refuse(
      `${JSON.stringify(path)} names a unit of systemd, and groups are not made through it`,
      "give a path such as /group/name, or run with --systemd-cgroup",
    );
  }
  if (steps.includes("..")) throw refuse(`${JSON.stringify(path)} holds ..`, "write the path without ..");
  if (steps.length === 0) {
    throw refuse("it is the root of the hierarchy, which has no limits", "name a group, such as /group/name");
  }
  return { absolute: path.startsWith("/"), steps };
}

function stepsIn(path: string): string[] {
  return path.split("/").filter((step) => step !== "" && step !== ".");
}

function place(
  membership: CgroupMembership,
  wanted: Wanted,
  input: LayoutInput,
): CgroupHierarchy | undefined {
  const version = membership.hierarchy === 0 ? 2 : 1;
  const mount = mountOf(membership, input.mounts);
  if (mount === undefined) return undefined;
  const own = stepsIn(visiblePath(membership.path, mount.root));
  const base = wanted.absolute ? [] : version === 2 ? own.slice(0, -1) : own;
  return {
    version,
    controllers: membership.controllers,
    mount: mount.mountPoint,
    path: `/${[...base, ...wanted.steps].join("/")}`,
  };
}

/** The mount of a hierarchy: of several, one that shows the caller's own group, and of those the last. */
function mountOf({ hierarchy, controllers, path }: CgroupMembership, mounts: readonly MountEntry[]) {
  const ofHierarchy = ({ type, superOptions }: MountEntry) =>
    hierarchy === 0
      ? type === "cgroup2"
      : type === "cgroup" && controllers.every((name) => superOptions.includes(name));
  const candidates = mounts.filter((mount) => ofHierarchy(mount) && isVisible(mount, mounts));
  return candidates.findLast(({ root }) => isBelow(path, root)) ?? candidates.at(-1);
}

function isBelow(path: string, root: string): boolean {
  return root === "/" || path === root || path.startsWith(`${root}/`);
}

/**
 * A group's path below a mount that may show only a part of its hierarchy. A group outside of that part, as a process
 * sees that was moved after its cgroup namespace was made, counts as the mount's root: nothing nearer can be reached.
 */
function visiblePath(path: string, root: string): string {
  if (!isBelow(path, root) || stepsIn(path).includes("..")) return "/";
  return root === "/" ? path : path.slice(root.length);
}
