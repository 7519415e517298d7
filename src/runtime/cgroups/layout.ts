import { defineErrors } from "../../base/index.ts";
import type { CgroupMembership, MountEntry } from "../../host/index.ts";

const layoutError = defineErrors("CGROUP", {
  LAYOUT: { kind: "unavailable", when: "no control group hierarchy is mounted where the caller can see it" },
  PATH: {
    kind: "invalid",
    when: "a cgroupsPath that cannot be used: it leaves the hierarchy or names a systemd slice",
  },
});

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
  /** From config.json; absent: a group of the container's id in the caller's own group. */
  readonly cgroupsPath: string | undefined;
  readonly id: string;
};

/**
 * Where a container's groups are. An absolute path begins at the root of each hierarchy, a relative one at the
 * caller's own group. Nothing is assumed about where hierarchies are mounted.
 *
 * Source: https://github.com/opencontainers/runtime-spec/blob/v1.3.0/config-linux.md#cgroups-path
 */
export function cgroupLayout(input: LayoutInput): CgroupLayout {
  const found = input.groups.flatMap((membership) => hierarchyOf(membership, input) ?? []);
  const legacy = found.filter(
    ({ version, controllers }) => version === 1 && !controllers.includes("name=elogind"),
  );
  const unified = found.filter(({ version }) => version === 2);
  if (found.length === 0) {
    throw layoutError("LAYOUT", "cannot find a control group hierarchy: none is mounted", {
      hint: "mount cgroup2 on /sys/fs/cgroup",
    });
  }
  const withControllers = legacy.some(({ controllers }) =>
    controllers.some((name) => !name.startsWith("name=")),
  );
  if (!withControllers && unified.length > 0) return { version: "v2", hierarchies: unified };
  return { version: unified.length > 0 ? "hybrid" : "v1", hierarchies: [...legacy, ...unified] };
}

function hierarchyOf(membership: CgroupMembership, input: LayoutInput): CgroupHierarchy | undefined {
  const version = membership.hierarchy === 0 ? 2 : 1;
  const mount = input.mounts.findLast(({ type, superOptions }) =>
    version === 2
      ? type === "cgroup2"
      : type === "cgroup" && membership.controllers.every((name) => superOptions.includes(name)),
  );
  if (mount === undefined) return undefined;
  return {
    version,
    controllers: membership.controllers,
    mount: mount.mountPoint,
    path: groupPath(membership, mount, input),
  };
}

function groupPath(
  membership: CgroupMembership,
  mount: MountEntry,
  { cgroupsPath, id }: LayoutInput,
): string {
  if (cgroupsPath !== undefined && /^[^/]*:[^/]*:[^/]*$/.test(cgroupsPath)) {
    throw layoutError(
      "PATH",
      `cannot use ${cgroupsPath} (config.json#/linux/cgroupsPath): it names a systemd slice`,
      {
        hint: "give a path such as /group/name",
      },
    );
  }
  const wanted = cgroupsPath || id;
  const base = wanted.startsWith("/") ? "" : visiblePath(membership.path, mount.root);
  const steps = `${base}/${wanted}`.split("/").filter((step) => step !== "" && step !== ".");
  if (steps.includes("..")) {
    throw layoutError("PATH", `cannot use ${cgroupsPath} (config.json#/linux/cgroupsPath): it contains ..`);
  }
  return `/${steps.join("/")}`;
}

/** A group's path below a mount whose root is not that of the hierarchy: inside a container, or a bind mount. */
function visiblePath(path: string, root: string): string {
  if (root === "/" || path === root) return path === root ? "" : path;
  return path.startsWith(`${root}/`) ? path.slice(root.length) : path;
}
