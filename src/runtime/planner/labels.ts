import type { CreateInput } from "./input.ts";

/** The SELinux label of what a container's own mounts hold; undefined where there is none, or no SELinux. */
export function mountLabel({ spec, facts }: Pick<CreateInput, "spec" | "facts">): string | undefined {
  return facts.security.selinux ? spec.linux?.mountLabel || undefined : undefined;
}

/** How a new file system gets it. */
export type Labelled = {
  /** Its options, with the label where it takes one. */
  readonly options: readonly string[];
  /** The label for its root, where it takes none as an option: the kernel has made that of an IPC namespace before. */
  readonly label?: string;
};

/**
 * The label of a file system of a type. Kernels label the files of proc, sysfs and control groups themselves.
 *
 * Source: https://github.com/opencontainers/runc/blob/v1.3.0/libcontainer/rootfs_linux.go mountToRootfs
 */
export function labelled(
  type: string,
  options: readonly string[],
  input: Pick<CreateInput, "spec" | "facts">,
): Labelled {
  const label = mountLabel(input);
  if (label === undefined || ["proc", "sysfs", "cgroup", "cgroup2"].includes(type)) return { options };
  if (type === "mqueue") return { options, label };
  return { options: [...options, `context=${label}`] };
}
