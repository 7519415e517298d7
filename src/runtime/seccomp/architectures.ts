import type { SeccompArchitecture } from "../../specs/oci-runtime/index.ts";
import type { syscallColumns } from "./syscalls.gen.ts";

/** A machine that tug runs on, as uname(2) names it. */
export type Machine = "x86_64" | "aarch64";

/** A column of the table of system calls. */
export type Column = (typeof syscallColumns)[number];

/** One set of system calls that programs of a machine may use. */
export type Architecture = {
  readonly column: Column;
  /** AUDIT_ARCH_ value in seccomp_data.arch. */
  readonly audit: number;
  /** Arguments are compared in 64 bits; else their low 32, as libseccomp does for these architectures. */
  readonly wide: boolean;
};

/** Source: include/uapi/linux/audit.h; x32 shares the value of x86_64 and sets bit 30 of the number */
const known: { readonly [A in SeccompArchitecture]?: Architecture } = {
  SCMP_ARCH_X86_64: { column: "x86_64", audit: 0xc000003e, wide: true },
  SCMP_ARCH_X86: { column: "x86", audit: 0x40000003, wide: false },
  SCMP_ARCH_X32: { column: "x32", audit: 0xc000003e, wide: false },
  SCMP_ARCH_AARCH64: { column: "aarch64", audit: 0xc00000b7, wide: true },
  SCMP_ARCH_ARM: { column: "arm", audit: 0x40000028, wide: false },
};

const runnable: Readonly<Record<Machine, readonly SeccompArchitecture[]>> = {
  x86_64: ["SCMP_ARCH_X86_64", "SCMP_ARCH_X86", "SCMP_ARCH_X32"],
  aarch64: ["SCMP_ARCH_AARCH64", "SCMP_ARCH_ARM"],
};

/** The architectures that a profile for a machine may list with effect; the machine's own first. */
export function architectureNames(machine: Machine): readonly SeccompArchitecture[] {
  return runnable[machine];
}

/**
 * The architectures of a filter: the machine's own always, others if the profile lists them. What the machine cannot
 * run is left out: no process of it can appear, and it would be killed as unlisted.
 */
export function architecturesOf(machine: Machine, listed: readonly SeccompArchitecture[]): Architecture[] {
  const [native, ...others] = runnable[machine];
  return [native, ...others.filter((name) => listed.includes(name))].flatMap((name) => {
    const architecture = name === undefined ? undefined : known[name];
    return architecture === undefined ? [] : [architecture];
  });
}
