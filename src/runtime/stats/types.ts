/**
 * What a container uses, as `events` prints it. Times on processors are nanoseconds.
 * Source: https://github.com/opencontainers/runc/blob/v1.3.0/types/events.go Stats
 */
export type ContainerStats = {
  readonly cpu: CpuStats;
  readonly cpuset: CpusetStats;
  readonly memory: MemoryStats;
  readonly pids: { readonly current: bigint; readonly limit: bigint };
  readonly blkio: IoStats;
  /** By page size. */
  readonly hugetlb: Readonly<Record<string, HugetlbStats>>;
  readonly intel_rdt: ResctrlStats;
  readonly network_interfaces: null;
};

export type CpuStats = {
  readonly usage: {
    readonly total: bigint;
    readonly percpu?: readonly bigint[];
    readonly percpu_kernel?: readonly bigint[];
    readonly percpu_user?: readonly bigint[];
    readonly kernel: bigint;
    readonly user: bigint;
  };
  readonly throttling: {
    readonly periods: bigint;
    readonly throttledPeriods: bigint;
    readonly throttledTime: bigint;
  };
  readonly psi?: Pressure;
};

export type CpusetStats = {
  readonly cpus: readonly number[];
  readonly mems: readonly number[];
} & Readonly<Record<string, bigint | readonly number[]>>;

export type MemoryEntry = {
  readonly limit: bigint;
  readonly usage: bigint;
  readonly max: bigint;
  readonly failcnt: bigint;
};

export type MemoryStats = {
  /** Of files. */
  readonly cache: bigint;
  readonly usage: MemoryEntry;
  /** Memory and swap together. */
  readonly swap: MemoryEntry;
  readonly kernel: MemoryEntry;
  readonly kernelTCP: MemoryEntry;
  /** memory.stat */
  readonly raw: Readonly<Record<string, bigint>>;
  readonly psi?: Pressure;
  /** memory.events, on v2. */
  readonly event_count?: Readonly<Record<string, bigint>>;
};

export type IoEntry = {
  readonly major: number;
  readonly minor: number;
  readonly op: string;
  readonly value: bigint;
};

export type IoStats = {
  readonly ioServiceBytesRecursive: readonly IoEntry[];
  readonly ioServicedRecursive: readonly IoEntry[];
  readonly psi?: Pressure;
};

export type HugetlbStats = { readonly usage: bigint; readonly max: bigint; readonly failcnt: bigint };

/** Shares of time in per cent, and microseconds in all. Source: https://docs.kernel.org/accounting/psi.html */
export type Pressure = { readonly some?: PressureLine; readonly full?: PressureLine };

export type PressureLine = {
  readonly avg10: number;
  readonly avg60: number;
  readonly avg300: number;
  readonly total: bigint;
};

/**
 * What `events` prints of a class of service, in runc's members.
 * Source: https://github.com/opencontainers/runc/blob/v1.3.0/types/events.go IntelRdt
 */
export type ResctrlStats = {
  readonly l3_cache_info?: Readonly<Record<string, string | bigint>>;
  readonly l3_cache_schema_root?: string;
  readonly l3_cache_schema?: string;
  readonly mem_bw_info?: Readonly<Record<string, string | bigint>>;
  readonly mem_bw_schema_root?: string;
  readonly mem_bw_schema?: string;
  /** All lines of the class. */
  readonly schemata?: readonly string[];
  /** By memory node. */
  readonly mbm_stats?: readonly Readonly<Record<string, bigint>>[];
  readonly cmt_stats?: readonly Readonly<Record<string, bigint>>[];
};
