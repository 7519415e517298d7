import type { RlimitName } from "../specs/oci-runtime/index.ts";

/**
 * The numbers of resource limits for prlimit(2) on x86 and arm, 32 and 64 bits.
 *
 * Other architectures number RLIMIT_NOFILE, AS, RSS, NPROC and MEMLOCK in their own way (alpha, mips, sparc); tug
 * runs on none of them.
 * Source: include/uapi/asm-generic/resource.h
 */
export const rlimitNumbers: Readonly<Record<RlimitName, number>> = {
  RLIMIT_CPU: 0,
  RLIMIT_FSIZE: 1,
  RLIMIT_DATA: 2,
  RLIMIT_STACK: 3,
  RLIMIT_CORE: 4,
  RLIMIT_RSS: 5,
  RLIMIT_NPROC: 6,
  RLIMIT_NOFILE: 7,
  RLIMIT_MEMLOCK: 8,
  RLIMIT_AS: 9,
  RLIMIT_LOCKS: 10,
  RLIMIT_SIGPENDING: 11,
  RLIMIT_MSGQUEUE: 12,
  RLIMIT_NICE: 13,
  RLIMIT_RTPRIO: 14,
  RLIMIT_RTTIME: 15,
};

/** The value that means "no limit". Source: include/uapi/linux/resource.h RLIM64_INFINITY */
export const RLIMIT_INFINITY = 0xffff_ffff_ffff_ffffn;
