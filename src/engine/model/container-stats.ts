import type { Timestamp } from "./container-view.ts";

/** What a container uses, beside what it used the moment before. */
export type ContainerStats = {
  readonly id: string;
  readonly name: string;
  /** Absent when it does not run. */
  readonly now?: StatsSample | undefined;
  /** Absent at the beginning. */
  readonly before?: StatsSample | undefined;
};

/**
 * What the kernel has counted for a container at one moment. Times are nanoseconds, sizes bytes; numbers beyond 2^53 are
 * rounded.
 */
export type StatsSample = {
  readonly readAt: Timestamp;
  readonly cpu: CpuUsage;
  /** Of the whole machine. */
  readonly system: { readonly cpuTime: number; readonly onlineCpus: number };
  readonly memory: MemoryUsage;
  /** By device and direction. */
  readonly io: { readonly bytes: readonly IoCount[]; readonly operations: readonly IoCount[] };
  readonly pids: { readonly current: number; readonly limit?: number | undefined };
  /** By interface, without the loopback; empty where the container has the host's network. */
  readonly networks: Readonly<Record<string, InterfaceCounts>>;
};

export type CpuUsage = {
  readonly total: number;
  readonly user: number;
  readonly kernel: number;
  /** Of each processor; version 1 only. */
  readonly perCpu?: readonly number[] | undefined;
  readonly periods: number;
  readonly throttledPeriods: number;
  readonly throttledTime: number;
};

export type MemoryUsage = {
  readonly usage: number;
  /** Version 1 only. */
  readonly maxUsage?: number | undefined;
  /** Of the container, or of the machine where it has none. */
  readonly limit: number;
  /** How often the limit was hit. */
  readonly failures: number;
  /** The kernel's memory.stat. */
  readonly details: Readonly<Record<string, number>>;
};

export type IoCount = {
  readonly major: number;
  readonly minor: number;
  /** `read` or `write`; other words of version 1 in lower case. */
  readonly op: string;
  readonly value: number;
};

export type InterfaceCounts = {
  readonly rxBytes: number;
  readonly rxPackets: number;
  readonly rxErrors: number;
  readonly rxDropped: number;
  readonly txBytes: number;
  readonly txPackets: number;
  readonly txErrors: number;
  readonly txDropped: number;
};
