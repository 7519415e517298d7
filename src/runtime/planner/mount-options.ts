import { ATIME_MASK, mountAttributes, propagationFlags } from "../../plan/index.ts";

const { RDONLY, NOSUID, NODEV, NOEXEC, NOATIME, STRICTATIME, NODIRATIME, NOSYMFOLLOW } = mountAttributes;
const { PRIVATE, SLAVE, SHARED, UNBINDABLE } = propagationFlags;

/** A change of mount attributes: bits to set and bits to clear, as mount_setattr(2) takes them. */
export type AttributeChange = { readonly set: number; readonly clear: number };

/** The options of one mount of config.json, sorted by who has to act on them. */
export type MountOptions = {
  readonly bind: "no" | "single" | "recursive";
  /** Changes of the mount itself. */
  readonly own: AttributeChange;
  /** Changes of the mount and all its submounts. */
  readonly recursive: AttributeChange;
  /** In the order given; `recursive` includes submounts. */
  readonly propagation: readonly { readonly type: number; readonly recursive: boolean }[];
  /** `idmap` or `ridmap` was given. */
  readonly idmap: "no" | "single" | "recursive";
  readonly copyUp: boolean;
  /** The source's last component is not followed when it is a symbolic link. */
  readonly nofollowSource: boolean;
  /** What is left goes to the file system. */
  readonly data: readonly string[];
};

/** One option: bits to set, bits to clear. The atime modes exclude each other, so each clears the whole mask. */
const attributeOptions: Readonly<Record<string, AttributeChange>> = {
  ro: { set: RDONLY, clear: 0 },
  rw: { set: 0, clear: RDONLY },
  nosuid: { set: NOSUID, clear: 0 },
  suid: { set: 0, clear: NOSUID },
  nodev: { set: NODEV, clear: 0 },
  dev: { set: 0, clear: NODEV },
  noexec: { set: NOEXEC, clear: 0 },
  exec: { set: 0, clear: NOEXEC },
  nodiratime: { set: NODIRATIME, clear: 0 },
  diratime: { set: 0, clear: NODIRATIME },
  relatime: { set: 0, clear: ATIME_MASK },
  norelatime: { set: STRICTATIME, clear: ATIME_MASK },
  noatime: { set: NOATIME, clear: ATIME_MASK },
  atime: { set: 0, clear: ATIME_MASK },
  strictatime: { set: STRICTATIME, clear: ATIME_MASK },
  nostrictatime: { set: 0, clear: ATIME_MASK },
  nosymfollow: { set: NOSYMFOLLOW, clear: 0 },
  symfollow: { set: 0, clear: NOSYMFOLLOW },
};

const propagationOptions: Readonly<Record<string, number>> = {
  private: PRIVATE,
  slave: SLAVE,
  shared: SHARED,
  unbindable: UNBINDABLE,
};

/** Options that say what a kernel or mount(8) does anyway. podman gives an empty one for containers that run systemd. */
const meaningless = new Set([
  "defaults",
  "remount",
  "loud",
  "silent",
  "async",
  "nomand",
  "noiversion",
  "dest-nofollow",
]);

/**
 * Sorts mount options.
 *
 * Source: https://github.com/opencontainers/runtime-spec/blob/v1.3.0/config.md#linux-mount-options; tmpcopyup and
 * src-nofollow are what runc and crun add.
 */
export function parseMountOptions(options: readonly string[]): MountOptions {
  let bind: MountOptions["bind"] = "no";
  let idmap: MountOptions["idmap"] = "no";
  let own: AttributeChange = { set: 0, clear: 0 };
  let recursive: AttributeChange = { set: 0, clear: 0 };
  let copyUp = false;
  let nofollowSource = false;
  const propagation: { type: number; recursive: boolean }[] = [];
  const data: string[] = [];
  for (const option of options) {
    const plain = attributeOptions[option];
    const nested = option.startsWith("r") ? attributeOptions[option.slice(1)] : undefined;
    const type = propagationOptions[option] ?? propagationOptions[option.slice(1)];
    if (plain !== undefined) own = combine(own, plain);
    else if (nested !== undefined) recursive = combine(recursive, nested);
    else if (type !== undefined && (option in propagationOptions || option.startsWith("r"))) {
      propagation.push({ type, recursive: !(option in propagationOptions) });
    } else if (option === "bind") bind = bind === "recursive" ? bind : "single";
    else if (option === "rbind") bind = "recursive";
    else if (option === "idmap") idmap = "single";
    else if (option === "ridmap") idmap = "recursive";
    else if (option === "tmpcopyup") copyUp = true;
    else if (option === "src-nofollow") nofollowSource = true;
    else if (option !== "" && !meaningless.has(option)) data.push(option);
  }
  return { bind, own, recursive, propagation, idmap, copyUp, nofollowSource, data };
}

/** Every option that is understood here rather than by a file system, for `features`. */
export function knownMountOptions(): string[] {
  return [
    ...Object.keys(attributeOptions),
    ...Object.keys(attributeOptions).map((name) => `r${name}`),
    ...Object.keys(propagationOptions),
    ...Object.keys(propagationOptions).map((name) => `r${name}`),
    ...["bind", "rbind", "idmap", "ridmap", "tmpcopyup", "src-nofollow"],
    ...meaningless,
  ].sort();
}

/** A later option wins over an earlier one that says the opposite. */
function combine(before: AttributeChange, option: AttributeChange): AttributeChange {
  return {
    set: (before.set & ~option.clear) | option.set,
    clear: (before.clear & ~option.set) | option.clear,
  };
}
