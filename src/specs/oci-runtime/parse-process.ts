import { ioPriorityClasses, rlimitNames, schedulerFlags, schedulerPolicies } from "./constants.ts";
import {
  type At,
  below,
  fallback,
  list,
  object,
  optional,
  type Reader,
  refine,
  refuse,
  required,
} from "./read.ts";
import {
  absolutePath,
  boolean,
  id,
  int32,
  integer,
  oneOf,
  ranges,
  text,
  textOrNothing,
  texts,
  uint16,
  uint64,
  unique,
} from "./scalars.ts";
import type {
  CpuAffinity,
  LinuxCapabilities,
  LinuxIoPriority,
  PosixRlimit,
  Process,
  Scheduler,
  User,
} from "./types.ts";

/**
 * The specification requires uid and gid; runc and crun take an absent user, uid or gid as 0, and hand-written
 * configurations count on it.
 */
const user: Reader<User> = object<User>({
  uid: fallback(id, () => 0),
  gid: fallback(id, () => 0),
  umask: optional(integer(0, 0o777)),
  additionalGids: optional(list(id)),
});

const capabilities: Reader<LinuxCapabilities> = object<LinuxCapabilities>({
  bounding: optional(texts),
  effective: optional(texts),
  inheritable: optional(texts),
  permitted: optional(texts),
  ambient: optional(texts),
});

const rlimit: Reader<PosixRlimit> = refine(
  object<PosixRlimit>({
    type: required(oneOf(rlimitNames)),
    soft: required(uint64),
    hard: required(uint64),
  }),
  (value, at) => {
    if (value.soft <= value.hard) return value;
    throw refuse(
      below(at, "soft"),
      `the soft limit ${value.soft} is above the hard limit ${value.hard}`,
      "lower it to the hard limit at most",
    );
  },
);

/** Source: sched_setattr(2); the same rules as runc's libcontainer/configs/validate/validator.go `scheduler`. */
const scheduler: Reader<Scheduler> = refine(
  object<Scheduler>({
    policy: required(oneOf(schedulerPolicies)),
    nice: optional(int32),
    priority: optional(int32),
    flags: optional(list(oneOf(schedulerFlags))),
    runtime: optional(uint64),
    deadline: optional(uint64),
    period: optional(uint64),
  }),
  checkScheduler,
);

function checkScheduler(value: Scheduler, at: At): Scheduler {
  const { policy, nice = 0, priority = 0 } = value;
  const fair = policy === "SCHED_OTHER" || policy === "SCHED_BATCH";
  if (fair && (nice < -20 || nice > 19)) {
    throw refuse(below(at, "nice"), `${nice} is no nice value`, "use a value from -20 to 19");
  }
  if (priority !== 0 && policy !== "SCHED_FIFO" && policy !== "SCHED_RR") {
    throw refuse(
      below(at, "priority"),
      `${policy} has no priority`,
      "remove it, or use SCHED_FIFO or SCHED_RR",
    );
  }
  for (const member of ["runtime", "deadline", "period"] as const) {
    if ((value[member] ?? 0n) !== 0n && policy !== "SCHED_DEADLINE") {
      throw refuse(below(at, member), `${policy} has no ${member}`, "remove it, or use SCHED_DEADLINE");
    }
  }
  return value;
}

/** An absent priority is 0, as for runc and crun: the idle class has none. */
const ioPriority: Reader<LinuxIoPriority> = object<LinuxIoPriority>({
  class: required(oneOf(ioPriorityClasses)),
  priority: fallback(integer(0, 7), () => 0),
});

const affinity: Reader<CpuAffinity> = object<CpuAffinity>({
  initial: optional(ranges),
  final: optional(ranges),
});

/** NAME=value. runc refuses anything else since 1.3, so what Docker and containerd run has this form. */
const variable: Reader<string> = refine(text, (value, at) => {
  if (value.indexOf("=") > 0) return value;
  throw refuse(at, `${JSON.stringify(value)} is no environment variable`, "write it as NAME=value");
});

const argumentList: Reader<readonly string[]> = refine(texts, (value, at) => {
  if (value.length > 0) return value;
  throw refuse(at, "it is empty", "name the program to run as its first element");
});

/** Source: https://github.com/opencontainers/runtime-spec/blob/v1.3.0/config.md#process */
export const readProcess: Reader<Process> = object<Process>({
  terminal: optional(boolean),
  // The kernel keeps a window size in 16 bits.
  consoleSize: optional(object({ height: required(uint16), width: required(uint16) })),
  user: fallback(user, () => ({ uid: 0, gid: 0 })),
  args: required(argumentList),
  env: optional(list(variable)),
  cwd: required(absolutePath),
  capabilities: optional(capabilities),
  rlimits: optional(unique(list(rlimit), (each) => each.type, "type")),
  noNewPrivileges: optional(boolean),
  apparmorProfile: optional(textOrNothing),
  oomScoreAdj: optional(integer(-1000, 1000)),
  scheduler: optional(scheduler),
  selinuxLabel: optional(textOrNothing),
  ioPriority: optional(ioPriority),
  execCPUAffinity: optional(affinity),
});
