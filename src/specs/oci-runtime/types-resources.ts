/**
 * Limits, in the terms of cgroup v1. -1 means "no limit" where a number is signed.
 * Source: https://github.com/opencontainers/runtime-spec/blob/v1.3.0/config-linux.md#control-groups
 */
export type LinuxResources = {
  devices?: readonly LinuxDeviceCgroup[];
  memory?: LinuxMemory;
  cpu?: LinuxCpu;
  pids?: LinuxPids;
  blockIO?: LinuxBlockIo;
  hugepageLimits?: readonly LinuxHugepageLimit[];
  network?: LinuxNetwork;
  /** By name of the device. */
  rdma?: Readonly<Record<string, LinuxRdma>>;
  /** Files of the v2 hierarchy and what to write into them. */
  unified?: Readonly<Record<string, string>>;
};

/**
 * A rule of the device controller; later rules win. An absent type is `a`, an absent or negative number is "any".
 * `access` is made of `r`, `w` and `m`.
 */
export type LinuxDeviceCgroup = {
  allow: boolean;
  type?: "a" | "c" | "b";
  major?: number;
  minor?: number;
  access: string;
};

/** Bytes. `swap` is memory and swap together, as cgroup v1 counts. */
export type LinuxMemory = {
  limit?: bigint;
  reservation?: bigint;
  swap?: bigint;
  /** Deprecated: kernels since 5.4 have no such limit. */
  kernel?: bigint;
  /** Deprecated like `kernel`. */
  kernelTCP?: bigint;
  swappiness?: bigint;
  disableOOMKiller?: boolean;
  useHierarchy?: boolean;
  checkBeforeUpdate?: boolean;
};

/** Times in microseconds; `cpus` and `mems` are lists such as `0-3,7`. */
export type LinuxCpu = {
  shares?: bigint;
  quota?: bigint;
  burst?: bigint;
  period?: bigint;
  realtimeRuntime?: bigint;
  realtimePeriod?: bigint;
  cpus?: string;
  mems?: string;
  idle?: number;
};

export type LinuxPids = { limit?: bigint };

/** Weights and rates; bytes, or operations, a second. */
export type LinuxBlockIo = {
  weight?: number;
  leafWeight?: number;
  weightDevice?: readonly LinuxWeightDevice[];
  throttleReadBpsDevice?: readonly LinuxThrottleDevice[];
  throttleWriteBpsDevice?: readonly LinuxThrottleDevice[];
  throttleReadIOPSDevice?: readonly LinuxThrottleDevice[];
  throttleWriteIOPSDevice?: readonly LinuxThrottleDevice[];
};

/** At least one of the weights is there. */
export type LinuxWeightDevice = { major: number; minor: number; weight?: number; leafWeight?: number };

export type LinuxThrottleDevice = { major: number; minor: number; rate: bigint };

/** `pageSize` as the kernel names its files: `64KB`, `2MB`, `1GB`. */
export type LinuxHugepageLimit = { pageSize: string; limit: bigint };

export type LinuxNetwork = { classID?: number; priorities?: readonly LinuxInterfacePriority[] };

export type LinuxInterfacePriority = { name: string; priority: number };

/** At least one of them is there. */
export type LinuxRdma = { hcaHandles?: number; hcaObjects?: number };
