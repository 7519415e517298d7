import type { LinuxCapabilities } from "../specs/oci-runtime/index.ts";

/**
 * Every capability; its position is its bit.
 * Source: include/uapi/linux/capability.h of Linux 6.18, CAP_CHOWN 0 to CAP_CHECKPOINT_RESTORE 40
 */
export const capabilityNames = [
  "CAP_CHOWN",
  "CAP_DAC_OVERRIDE",
  "CAP_DAC_READ_SEARCH",
  "CAP_FOWNER",
  "CAP_FSETID",
  "CAP_KILL",
  "CAP_SETGID",
  "CAP_SETUID",
  "CAP_SETPCAP",
  "CAP_LINUX_IMMUTABLE",
  "CAP_NET_BIND_SERVICE",
  "CAP_NET_BROADCAST",
  "CAP_NET_ADMIN",
  "CAP_NET_RAW",
  "CAP_IPC_LOCK",
  "CAP_IPC_OWNER",
  "CAP_SYS_MODULE",
  "CAP_SYS_RAWIO",
  "CAP_SYS_CHROOT",
  "CAP_SYS_PTRACE",
  "CAP_SYS_PACCT",
  "CAP_SYS_ADMIN",
  "CAP_SYS_BOOT",
  "CAP_SYS_NICE",
  "CAP_SYS_RESOURCE",
  "CAP_SYS_TIME",
  "CAP_SYS_TTY_CONFIG",
  "CAP_MKNOD",
  "CAP_LEASE",
  "CAP_AUDIT_WRITE",
  "CAP_AUDIT_CONTROL",
  "CAP_SETFCAP",
  "CAP_MAC_OVERRIDE",
  "CAP_MAC_ADMIN",
  "CAP_SYSLOG",
  "CAP_WAKE_ALARM",
  "CAP_BLOCK_SUSPEND",
  "CAP_AUDIT_READ",
  "CAP_PERFMON",
  "CAP_BPF",
  "CAP_CHECKPOINT_RESTORE",
] as const;

export type CapabilityName = (typeof capabilityNames)[number];

/** The mask of every capability that has a name here. */
export const allCapabilities: bigint = (1n << BigInt(capabilityNames.length)) - 1n;

const bits = new Map<string, bigint>(capabilityNames.map((name, bit) => [name, 1n << BigInt(bit)]));

/** The mask of some capabilities. Names that are not known, wrong case included, are left out and listed. */
export function capabilityMask(names: readonly string[]): { mask: bigint; unknown: string[] } {
  let mask = 0n;
  const unknown: string[] = [];
  for (const name of names) {
    const bit = bits.get(name);
    if (bit === undefined) unknown.push(name);
    else mask |= bit;
  }
  return { mask, unknown };
}

/** The names of the bits in a mask, in the kernel's order. Bits without a name, of a newer kernel, are left out. */
export function namesOfMask(mask: bigint): CapabilityName[] {
  return capabilityNames.filter((_, bit) => (mask & (1n << BigInt(bit))) !== 0n);
}

/** The five sets of a process as masks, ready to be set. */
export type CapabilityMasks = {
  bounding: bigint;
  permitted: bigint;
  effective: bigint;
  inheritable: bigint;
  ambient: bigint;
};

/** Masks that the kernel takes, and the names that were asked for but cannot be had. */
export type GrantedCapabilities = { masks: CapabilityMasks; unknown: string[]; refused: CapabilityName[] };

/**
 * The sets of a process, cut down to what can be granted: the specification wants a warning for a capability that
 * the host does not know or that the caller does not have, and the container to run without it.
 *
 * The kernel's own rules cut further, where setting the sets would fail: the effective set to the permitted one,
 * the inheritable set to the bounding one, the ambient set to what is permitted and inheritable.
 *
 * @param available bounding set of the caller; `allCapabilities` for a new user namespace, in which the first
 *   process has them all
 * Source: capabilities(7); https://github.com/opencontainers/runtime-spec/blob/v1.3.0/config.md#linux-process
 */
export function grantCapabilities(wanted: LinuxCapabilities, available: bigint): GrantedCapabilities {
  const unknown = new Set<string>();
  const maskOf = (names: readonly string[] = []): bigint => {
    const result = capabilityMask(names);
    for (const name of result.unknown) unknown.add(name);
    return result.mask;
  };
  const asked: CapabilityMasks = {
    bounding: maskOf(wanted.bounding),
    permitted: maskOf(wanted.permitted),
    effective: maskOf(wanted.effective),
    inheritable: maskOf(wanted.inheritable),
    ambient: maskOf(wanted.ambient),
  };
  const bounding = asked.bounding & available;
  const permitted = asked.permitted & available;
  const effective = asked.effective & permitted;
  const inheritable = asked.inheritable & bounding;
  const ambient = asked.ambient & permitted & inheritable;
  const masks = { bounding, permitted, effective, inheritable, ambient };
  return { masks, unknown: [...unknown], refused: namesOfMask(difference(asked, masks)) };
}

function difference(asked: CapabilityMasks, granted: CapabilityMasks): bigint {
  let missing = 0n;
  for (const set of ["bounding", "permitted", "effective", "inheritable", "ambient"] as const) {
    missing |= asked[set] & ~granted[set];
  }
  return missing;
}
