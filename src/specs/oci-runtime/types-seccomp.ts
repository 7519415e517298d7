import type { seccompActions, seccompArchitectures, seccompFlags, seccompOperators } from "./constants.ts";

/**
 * A system call filter in libseccomp's terms.
 *
 * An object with neither default action nor system calls means "no filter" to runc and so to Docker's and
 * containerd's callers; it parses to an absent `seccomp`. Absent `flags` and an empty list differ: absent asks for
 * the runtime's default, SPEC_ALLOW.
 *
 * Source: https://github.com/opencontainers/runtime-spec/blob/v1.3.0/config-linux.md#seccomp
 */
export type LinuxSeccomp = {
  defaultAction: SeccompAction;
  /** Only with an action that carries a number; EPERM when absent. */
  defaultErrnoRet?: number;
  architectures?: readonly SeccompArchitecture[];
  flags?: readonly SeccompFlag[];
  listenerPath?: string;
  listenerMetadata?: string;
  syscalls?: readonly LinuxSyscall[];
};

export type SeccompAction = (typeof seccompActions)[number];
export type SeccompArchitecture = (typeof seccompArchitectures)[number];
export type SeccompFlag = (typeof seccompFlags)[number];
export type SeccompOperator = (typeof seccompOperators)[number];

/** One rule for the system calls named; at least one name. */
export type LinuxSyscall = {
  names: readonly string[];
  action: SeccompAction;
  errnoRet?: number;
  args?: readonly LinuxSeccompArg[];
};

/** A comparison of the argument `index`, 0 to 5, in 64 bits. `value` is the mask of MASKED_EQ, `valueTwo` its value. */
export type LinuxSeccompArg = { index: number; value: bigint; valueTwo?: bigint; op: SeccompOperator };
