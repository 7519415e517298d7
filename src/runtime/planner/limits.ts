import type { Op } from "../../plan/index.ts";
import type { Process } from "../../specs/oci-runtime/index.ts";
import { rlimitNumbers } from "../rlimits.ts";

/** I/O priority classes. Source: include/uapi/linux/ioprio.h */
const priorityClasses = { IOPRIO_CLASS_RT: 1, IOPRIO_CLASS_BE: 2, IOPRIO_CLASS_IDLE: 3 } as const;

/**
 * Limits that need the caller's privileges, for the list that still has them: the stage list in front of a user
 * namespace, else the beginning of the init list.
 */
export function limitOps(process: Process, from: string): Op[] {
  const ops: Op[] = (process.rlimits ?? []).map(({ type, soft, hard }, index) => ({
    op: "rlimit",
    from: `${from}/rlimits/${index}`,
    resource: rlimitNumbers[type],
    soft,
    hard,
  }));
  if (process.oomScoreAdj !== undefined) {
    ops.push({ op: "oomScore", from: `${from}/oomScoreAdj`, value: String(process.oomScoreAdj) });
  }
  return ops;
}

/** The I/O priority, which any process may set for itself. */
export function ioPriorityOps(process: Process, from: string): Op[] {
  if (process.ioPriority === undefined) return [];
  const { class: name, priority } = process.ioPriority;
  return [{ op: "ioPriority", from: `${from}/ioPriority`, value: (priorityClasses[name] << 13) | priority }];
}
