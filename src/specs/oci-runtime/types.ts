import type { ioPriorityClasses, rlimitNames, schedulerFlags, schedulerPolicies } from "./constants.ts";
import type { Linux, LinuxIdMapping } from "./types-linux.ts";

/**
 * A container's configuration, `config.json` of a bundle, on Linux.
 *
 * The members are spelled as the specification spells them. 64-bit numbers are bigint; only device numbers and
 * `cpu.idle`, whose legal values are small, are plain numbers. An absent member, `null` and, where Go's
 * `omitempty` makes them the same, an empty string all parse to an absent member.
 *
 * Source: https://github.com/opencontainers/runtime-spec/blob/v1.3.0/config.md
 */
export type Spec = {
  ociVersion: string;
  root: Root;
  process: Process;
  hostname?: string;
  domainname?: string;
  mounts?: readonly Mount[];
  hooks?: Hooks;
  annotations?: Readonly<Record<string, string>>;
  linux?: Linux;
};

/** The root file system. `path` may be relative to the bundle. */
export type Root = { path: string; readonly?: boolean };

/** A mount. `destination` is absolute; a relative one in the file was taken as relative to `/`. */
export type Mount = {
  destination: string;
  type?: string;
  source?: string;
  options?: readonly string[];
  uidMappings?: readonly LinuxIdMapping[];
  gidMappings?: readonly LinuxIdMapping[];
};

/** The program to run and all that it is. */
export type Process = {
  terminal?: boolean;
  consoleSize?: Box;
  user: User;
  /** At least one entry. */
  args: readonly string[];
  /** Entries of the form NAME=value, as they stand in the file. */
  env?: readonly string[];
  /** Absolute. */
  cwd: string;
  capabilities?: LinuxCapabilities;
  /** No type twice. */
  rlimits?: readonly PosixRlimit[];
  noNewPrivileges?: boolean;
  apparmorProfile?: string;
  oomScoreAdj?: number;
  scheduler?: Scheduler;
  selinuxLabel?: string;
  ioPriority?: LinuxIoPriority;
  execCPUAffinity?: CpuAffinity;
};

/** The size of a terminal in characters. */
export type Box = { height: number; width: number };

/** Ids as seen inside the container. */
export type User = {
  uid: number;
  gid: number;
  umask?: number;
  additionalGids?: readonly number[];
};

/**
 * Capability sets as lists of names such as `CAP_CHOWN`. Unknown names stay in: the specification wants a warning
 * for them, not a failure, and only the host knows which are unknown.
 */
export type LinuxCapabilities = {
  bounding?: readonly string[];
  effective?: readonly string[];
  inheritable?: readonly string[];
  permitted?: readonly string[];
  ambient?: readonly string[];
};

/** Source: getrlimit(2) */
export type RlimitName = (typeof rlimitNames)[number];

/** A resource limit; 18446744073709551615 is "unlimited". */
export type PosixRlimit = { type: RlimitName; soft: bigint; hard: bigint };

/** Source: sched_setattr(2). Times are in nanoseconds. */
export type Scheduler = {
  policy: (typeof schedulerPolicies)[number];
  nice?: number;
  priority?: number;
  flags?: readonly (typeof schedulerFlags)[number][];
  runtime?: bigint;
  deadline?: bigint;
  period?: bigint;
};

/** Source: ioprio_set(2) */
export type LinuxIoPriority = {
  class: (typeof ioPriorityClasses)[number];
  priority: number;
};

/** Lists of CPUs such as `0-3,7`; they concern `exec`, not the first process. */
export type CpuAffinity = { initial?: string; final?: string };

/** Programs to run at points of the container's life. */
export type Hooks = {
  /** Deprecated, runs before `createRuntime`. */
  prestart?: readonly Hook[];
  createRuntime?: readonly Hook[];
  createContainer?: readonly Hook[];
  startContainer?: readonly Hook[];
  poststart?: readonly Hook[];
  poststop?: readonly Hook[];
};

/** A hook. `path` is absolute, `timeout` is in seconds and greater than zero. */
export type Hook = {
  path: string;
  args?: readonly string[];
  env?: readonly string[];
  timeout?: number;
};
