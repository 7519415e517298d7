import type { CpuUsage } from "../model/container-stats.ts";
import { flatKeyed, type GroupFiles, numberIn } from "./group-files.ts";

/** One tick of USER_HZ, and a microsecond, in nanoseconds. */
const TICK = 10_000_000;
const MICROSECOND = 1000;

/**
 * Time on processors.
 *
 * @param cpu files of the controller that limits
 * @param account files of the one that counts, on version 2 the same
 */
export async function readCpu(cpu: GroupFiles, account: GroupFiles): Promise<CpuUsage> {
  const limited = flatKeyed(await cpu.read("cpu.stat"));
  const throttled = {
    periods: limited.nr_periods ?? 0,
    throttledPeriods: limited.nr_throttled ?? 0,
    throttledTime: limited.throttled_time ?? (limited.throttled_usec ?? 0) * MICROSECOND,
  };
  if (account.version === 2) {
    const used = flatKeyed(await account.read("cpu.stat"));
    return {
      total: (used.usage_usec ?? 0) * MICROSECOND,
      user: (used.user_usec ?? 0) * MICROSECOND,
      kernel: (used.system_usec ?? 0) * MICROSECOND,
      ...throttled,
    };
  }
  const [total, split, each] = await Promise.all(
    ["cpuacct.usage", "cpuacct.stat", "cpuacct.usage_percpu"].map((name) => account.read(name)),
  );
  const { user = 0, system = 0 } = flatKeyed(split ?? "");
  const perCpu = (each ?? "").trim().split(/\s+/).filter(Boolean).map(Number);
  return {
    total: numberIn(total ?? "") ?? 0,
    user: user * TICK,
    kernel: system * TICK,
    perCpu,
    ...throttled,
  };
}

/** Processor time of the whole machine and how many processors it has, from /proc/stat. Source: proc_stat(5) */
export function parseSystemCpu(text: string): { cpuTime: number; onlineCpus: number } {
  const [line = ""] = text.split("\n", 1);
  // user, nice, system, idle, iowait, irq, softirq: what follows is counted in these already.
  const ticks = line.split(/\s+/).slice(1, 8).map(Number);
  return {
    cpuTime: ticks.reduce((sum, value) => sum + (value || 0), 0) * TICK,
    onlineCpus: text.match(/^cpu\d+ /gm)?.length ?? 0,
  };
}
