/** Answer to GET /containers/{id}/stats, of which a stream has many. Source: swagger.yaml, `ContainerStatsResponse`. */
export type StatsResponse = {
  readonly id: string;
  readonly name: string;
  readonly os_type: "linux";
  /** RFC 3339; "0001-01-01T00:00:00Z" when the container does not run. */
  readonly read: string;
  /** When `precpu_stats` was read. */
  readonly preread: string;
  readonly pids_stats: { readonly current?: number; readonly limit?: number };
  readonly cpu_stats: CpuStats;
  readonly precpu_stats: CpuStats;
  readonly memory_stats: MemoryStats;
  readonly blkio_stats: BlkioStats;
  /** For Windows. */
  readonly storage_stats: object;
  readonly num_procs: 0;
  readonly networks?: Readonly<Record<string, NetworkStats>>;
};

/** Times are nanoseconds. */
export type CpuStats = {
  readonly cpu_usage: {
    readonly total_usage: number;
    /** Version 1 of control groups only. */
    readonly percpu_usage?: readonly number[];
    readonly usage_in_kernelmode: number;
    readonly usage_in_usermode: number;
  };
  readonly system_cpu_usage?: number;
  readonly online_cpus?: number;
  readonly throttling_data: {
    readonly periods: number;
    readonly throttled_periods: number;
    readonly throttled_time: number;
  };
};

/** Empty for a container that does not run. */
export type MemoryStats = {
  readonly usage?: number;
  readonly max_usage?: number;
  readonly failcnt?: number;
  readonly limit?: number;
  readonly stats?: Readonly<Record<string, number>>;
};

export type BlkioEntry = {
  readonly major: number;
  readonly minor: number;
  readonly op: string;
  readonly value: number;
};

export type BlkioStats = {
  readonly io_service_bytes_recursive: readonly BlkioEntry[] | null;
  readonly io_serviced_recursive: readonly BlkioEntry[] | null;
  readonly io_queue_recursive: null;
  readonly io_service_time_recursive: null;
  readonly io_wait_time_recursive: null;
  readonly io_merged_recursive: null;
  readonly io_time_recursive: null;
  readonly sectors_recursive: null;
};

export type NetworkStats = {
  readonly rx_bytes: number;
  readonly rx_packets: number;
  readonly rx_errors: number;
  readonly rx_dropped: number;
  readonly tx_bytes: number;
  readonly tx_packets: number;
  readonly tx_errors: number;
  readonly tx_dropped: number;
};
