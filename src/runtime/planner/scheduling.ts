import type { Op } from "../../plan/index.ts";
import type { Linux, Process } from "../../specs/oci-runtime/index.ts";

/** Source: include/uapi/linux/sched.h SCHED_ */
const policies = {
  SCHED_OTHER: 0,
  SCHED_FIFO: 1,
  SCHED_RR: 2,
  SCHED_BATCH: 3,
  SCHED_ISO: 4,
  SCHED_IDLE: 5,
  SCHED_DEADLINE: 6,
} as const;

/** Source: include/uapi/linux/sched.h SCHED_FLAG_ */
const schedulerFlags = {
  SCHED_FLAG_RESET_ON_FORK: 0x01n,
  SCHED_FLAG_RECLAIM: 0x02n,
  SCHED_FLAG_DL_OVERRUN: 0x04n,
  SCHED_FLAG_KEEP_POLICY: 0x08n,
  SCHED_FLAG_KEEP_PARAMS: 0x10n,
  SCHED_FLAG_UTIL_CLAMP_MIN: 0x20n,
  SCHED_FLAG_UTIL_CLAMP_MAX: 0x40n,
} as const;

/** Source: include/uapi/linux/mempolicy.h */
const memoryModes = {
  MPOL_DEFAULT: 0,
  MPOL_PREFERRED: 1,
  MPOL_BIND: 2,
  MPOL_INTERLEAVE: 3,
  MPOL_LOCAL: 4,
  MPOL_PREFERRED_MANY: 5,
  MPOL_WEIGHTED_INTERLEAVE: 6,
} as const;

const memoryFlags = {
  MPOL_F_STATIC_NODES: 1 << 15,
  MPOL_F_RELATIVE_NODES: 1 << 14,
  MPOL_F_NUMA_BALANCING: 1 << 13,
} as const;

/** The highest number of a processor that Linux can have. Source: arch/x86/Kconfig NR_CPUS_RANGE_END */
const HIGHEST = 8191;

/** How the process is scheduled; set while the capabilities for it are there. */
export function schedulerOps({ scheduler }: Process, from: string): Op[] {
  if (scheduler === undefined) return [];
  const { policy, nice = 0, priority, flags = [], runtime, deadline, period } = scheduler;
  return [
    {
      op: "scheduler",
      from: `${from}/scheduler`,
      policy: policies[policy],
      flags: flags.reduce((bits, flag) => bits | schedulerFlags[flag], 0n),
      nice: nice >>> 0,
      ...(priority !== undefined && { priority: priority >>> 0 }),
      ...(runtime !== undefined && { runtime }),
      ...(deadline !== undefined && { deadline }),
      ...(period !== undefined && { period }),
    },
  ];
}

/** Which processors a further process runs on, before (`initial`) or after (`final`) it has joined its groups. */
export function affinityOps({ execCPUAffinity }: Process, from: string, member: "initial" | "final"): Op[] {
  const list = execCPUAffinity?.[member];
  if (list === undefined) return [];
  return [{ op: "affinity", from: `${from}/execCPUAffinity/${member}`, mask: bitMask(list) }];
}

/** From which memory nodes the process gets its pages. */
export function memoryPolicyOps(linux: Linux | undefined): Op[] {
  const policy = linux?.memoryPolicy;
  if (policy === undefined) return [];
  const mode = (policy.flags ?? []).reduce<number>(
    (bits, flag) => bits | memoryFlags[flag],
    memoryModes[policy.mode],
  );
  const nodes = policy.nodes === undefined ? {} : { nodes: bitMask(policy.nodes) };
  return [{ op: "memoryPolicy", from: "/linux/memoryPolicy", mode, ...nodes }];
}

/** A list such as `0-3,7` as bits, in whole 64-bit words. More than the kernel can know is cut off. */
export function bitMask(list: string): Uint8Array {
  const numbers = list.split(",").flatMap((range) => {
    const [first = 0, last = first] = range.split("-").map(Number);
    const end = Math.min(last, HIGHEST);
    return Array.from({ length: Math.max(0, end - first + 1) }, (_, index) => first + index);
  });
  const words = Math.floor(Math.max(0, ...numbers) / 64) + 1;
  const mask = new Uint8Array(words * 8);
  for (const number of numbers) mask[number >> 3] = (mask[number >> 3] ?? 0) | (1 << (number & 7));
  return mask;
}
