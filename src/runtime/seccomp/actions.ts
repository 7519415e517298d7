import type { SeccompAction } from "../../specs/oci-runtime/index.ts";

const EPERM = 1;
const ENOSYS = 38;

/** Values a filter returns; the low 16 bits are data. Source: include/uapi/linux/seccomp.h */
const values: Readonly<Record<SeccompAction, number>> = {
  SCMP_ACT_KILL_PROCESS: 0x80000000,
  SCMP_ACT_KILL_THREAD: 0x00000000,
  SCMP_ACT_KILL: 0x00000000,
  SCMP_ACT_TRAP: 0x00030000,
  SCMP_ACT_ERRNO: 0x00050000,
  SCMP_ACT_NOTIFY: 0x7fc00000,
  SCMP_ACT_TRACE: 0x7ff00000,
  SCMP_ACT_LOG: 0x7ffc0000,
  SCMP_ACT_ALLOW: 0x7fff0000,
};

/** What a filter returns for an architecture that it does not list: libseccomp's default. */
export const BAD_ARCHITECTURE: number = values.SCMP_ACT_KILL_THREAD;

/** "There is no such system call". */
export const NO_SUCH_CALL: number = values.SCMP_ACT_ERRNO | ENOSYS;

/** The value a filter returns for an action; `errno` is EPERM when absent and only used where the action has one. */
export function actionValue(action: SeccompAction, errno: number = EPERM): number {
  const carries = action === "SCMP_ACT_ERRNO" || action === "SCMP_ACT_TRACE";
  return carries ? (values[action] | errno) >>> 0 : values[action];
}

/** Whether one action's value takes precedence over another's in the kernel: the more restrictive does. */
export function isStricter(one: number, other: number): boolean {
  return (one | 0) < (other | 0);
}

/**
 * Whether calls that a profile is too old to know shall say ENOSYS rather than take its default action, so that
 * libraries fall back to older calls. A profile that allows by default, or that has a tracer answer, is left alone.
 * Source: https://github.com/opencontainers/runc/blob/v1.5.1/libcontainer/seccomp/patchbpf/enosys_linux.go
 */
export function hidesNewCalls(defaultAction: SeccompAction): boolean {
  return !["SCMP_ACT_ALLOW", "SCMP_ACT_LOG", "SCMP_ACT_TRACE"].includes(defaultAction);
}

/** Flags of seccomp(2). Source: include/uapi/linux/seccomp.h */
export const filterFlags = { LOG: 2, SPEC_ALLOW: 4, NEW_LISTENER: 8, WAIT_KILLABLE_RECV: 32 } as const;
