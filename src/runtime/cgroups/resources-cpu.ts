import type { LinuxCpu } from "../../specs/oci-runtime/index.ts";
import { given, refuse, refuseOnV2, type Section, write } from "./section.ts";
import type { CgroupWrite } from "./writes.ts";

/**
 * v1 shares as a v2 weight: a curve through (2, 1), (1024, 100) and (262144, 10000), so that default and extremes
 * meet. crun has it since 1.23, runc since 1.5; before, both drew a straight line, which made the default 39.
 * Source: https://github.com/opencontainers/cgroups/blob/v0.0.6/utils.go ConvertCPUSharesToCgroupV2Value
 */
export function weightOfShares(shares: bigint): number {
  if (shares <= 2n) return 1;
  if (shares >= 262144n) return 10000;
  const log = Math.log2(Number(shares));
  return Math.ceil(10 ** ((log * log + 125 * log) / 612 - 7 / 34));
}

/**
 * Time on processors.
 *
 * Source: https://docs.kernel.org/scheduler/sched-bwc.html, https://docs.kernel.org/admin-guide/cgroup-v2.html#cpu,
 * crun.1 "CPU controller"
 */
export function cpuWrites(cpu: LinuxCpu, section: Section): CgroupWrite[] {
  const quota = given(cpu.quota);
  if (quota !== undefined && quota > 0n && (cpu.burst ?? 0n) > quota) {
    throw refuse(section, "burst", [`${cpu.burst} is more than the quota of ${quota}`, "lower it"]);
  }
  const bandwidth = section.version === 1 ? legacyBandwidth(cpu, section) : unifiedBandwidth(cpu, section);
  return [...shareWrites(cpu, section), ...bandwidth, ...realtimeWrites(cpu, section)];
}

/**
 * A group that is idle takes no weight, and one that stops to be idle forgets its weight: so the weight is written
 * before the first and after the second, and an idle group that stays idle may refuse it.
 */
function shareWrites(cpu: LinuxCpu, section: Section): CgroupWrite[] {
  const shares = given(cpu.shares);
  const [file, value] =
    section.version === 1 ? ["cpu.shares", shares ?? 0n] : ["cpu.weight", weightOfShares(shares ?? 0n)];
  const ignore = cpu.idle === 1 ? ({ ignore: ["EINVAL"] } as const) : {};
  const weight = shares === undefined ? [] : [write(section, "shares", { file, value, ...ignore })];
  const idle = cpu.idle === undefined ? [] : [write(section, "idle", { file: "cpu.idle", value: cpu.idle })];
  return cpu.idle === 0 ? [...idle, ...weight] : [...weight, ...idle];
}

/**
 * A period or burst that does not fit the quota still in force is refused; it is tried before the quota, because a
 * lower quota may not fit the old ones, and again after it.
 */
function legacyBandwidth(cpu: LinuxCpu, section: Section): CgroupWrite[] {
  const quota = given(cpu.quota);
  const period = given(cpu.period);
  const around = [
    ...(period === undefined ? [] : [write(section, "period", { file: "cpu.cfs_period_us", value: period })]),
    ...burstWrites(cpu, section, "cpu.cfs_burst_us"),
  ];
  if (quota === undefined) return around;
  const own = write(section, "quota", { file: "cpu.cfs_quota_us", value: quota });
  return [...around.map(mayNotFit), own, ...around];
}

function unifiedBandwidth(cpu: LinuxCpu, section: Section): CgroupWrite[] {
  const quota = given(cpu.quota) ?? given(section.before?.cpu?.quota) ?? -1n;
  const period = given(cpu.period) ?? given(section.before?.cpu?.period) ?? 100_000n;
  const member = given(cpu.quota) === undefined ? "period" : "quota";
  const burst = burstWrites(cpu, section, "cpu.max.burst");
  if (given(cpu.quota) === undefined && given(cpu.period) === undefined) return burst;
  const value = `${quota < 0n ? "max" : quota} ${period}`;
  return [...burst.map(mayNotFit), write(section, member, { file: "cpu.max", value }), ...burst];
}

/** Kernels before 5.14 have no burst; without it a container gets less, never more. */
function burstWrites(cpu: LinuxCpu, section: Section, file: string): CgroupWrite[] {
  if (cpu.burst === undefined) return [];
  return [write(section, "burst", { file, value: cpu.burst, ignore: ["ENOENT"] })];
}

function mayNotFit(tried: CgroupWrite): CgroupWrite {
  return { ...tried, ignore: [...(tried.ignore ?? []), "EINVAL"] };
}

/** The same for real-time processes, which v2 does not account for. */
function realtimeWrites(cpu: LinuxCpu, section: Section): CgroupWrite[] {
  const [runtime, period] = [given(cpu.realtimeRuntime), given(cpu.realtimePeriod)];
  if (section.version === 2) {
    if (runtime !== undefined) throw refuseOnV2(section, "realtimeRuntime");
    if (period !== undefined) throw refuseOnV2(section, "realtimePeriod");
    return [];
  }
  const around =
    period === undefined
      ? []
      : [write(section, "realtimePeriod", { file: "cpu.rt_period_us", value: period })];
  if (runtime === undefined) return around;
  const own = write(section, "realtimeRuntime", { file: "cpu.rt_runtime_us", value: runtime });
  return [...around.map(mayNotFit), own, ...around];
}

/** Which processors and memory nodes. A v1 hierarchy mounted with `noprefix` has shorter names. */
export function cpusetWrites(cpu: LinuxCpu, section: Section): CgroupWrite[] {
  return (["cpus", "mems"] as const).flatMap((member) => {
    const value = cpu[member];
    if (value === undefined) return [];
    const instead = section.version === 1 ? { instead: { file: member, value } } : {};
    return [write(section, member, { file: `cpuset.${member}`, value, ...instead })];
  });
}
