import type { ContainerStats, InterfaceCounts, StatsSample } from "../../../../../engine/index.ts";
import { dockerApi } from "../../../../../specs/index.ts";

/** What a container uses, as Docker's clients read it. */
export function renderStats({ id, name, now, before }: ContainerStats): dockerApi.StatsResponse {
  const networks = Object.entries(now?.networks ?? {});
  return {
    id,
    name: `/${name}`,
    os_type: "linux",
    read: now?.readAt ?? dockerApi.NEVER,
    preread: before?.readAt ?? dockerApi.NEVER,
    pids_stats: now === undefined ? {} : renderPids(now.pids),
    cpu_stats: renderCpu(now),
    precpu_stats: renderCpu(before),
    memory_stats: now === undefined ? {} : renderMemory(now.memory),
    blkio_stats: {
      io_service_bytes_recursive: now?.io.bytes ?? null,
      io_serviced_recursive: now?.io.operations ?? null,
      io_queue_recursive: null,
      io_service_time_recursive: null,
      io_wait_time_recursive: null,
      io_merged_recursive: null,
      io_time_recursive: null,
      sectors_recursive: null,
    },
    storage_stats: {},
    num_procs: 0,
    ...(networks.length > 0 && {
      networks: Object.fromEntries(networks.map(([key, counts]) => [key, renderInterface(counts)])),
    }),
  };
}

function renderPids({ current, limit }: StatsSample["pids"]): dockerApi.StatsResponse["pids_stats"] {
  return { current, ...(limit !== undefined && { limit }) };
}

function renderCpu(sample: StatsSample | undefined): dockerApi.CpuStats {
  if (sample === undefined) {
    return {
      cpu_usage: { total_usage: 0, usage_in_kernelmode: 0, usage_in_usermode: 0 },
      throttling_data: { periods: 0, throttled_periods: 0, throttled_time: 0 },
    };
  }
  const { cpu, system } = sample;
  return {
    cpu_usage: {
      total_usage: cpu.total,
      ...(cpu.perCpu && { percpu_usage: cpu.perCpu }),
      usage_in_kernelmode: cpu.kernel,
      usage_in_usermode: cpu.user,
    },
    system_cpu_usage: system.cpuTime,
    online_cpus: system.onlineCpus,
    throttling_data: {
      periods: cpu.periods,
      throttled_periods: cpu.throttledPeriods,
      throttled_time: cpu.throttledTime,
    },
  };
}

function renderMemory(memory: StatsSample["memory"]): dockerApi.MemoryStats {
  const { usage, maxUsage, failures, limit, details } = memory;
  return {
    usage,
    ...(maxUsage !== undefined && { max_usage: maxUsage }),
    failcnt: failures,
    limit,
    stats: details,
  };
}

function renderInterface(counts: InterfaceCounts): dockerApi.NetworkStats {
  return {
    rx_bytes: counts.rxBytes,
    rx_packets: counts.rxPackets,
    rx_errors: counts.rxErrors,
    rx_dropped: counts.rxDropped,
    tx_bytes: counts.txBytes,
    tx_packets: counts.txPackets,
    tx_errors: counts.txErrors,
    tx_dropped: counts.txDropped,
  };
}
