import type { GroupFiles } from "./group-files.ts";
import { parsePressure } from "./pressure.ts";
import type { CpuStats, CpusetStats } from "./types.ts";
import { flatKeyed, numberIn, rangeList } from "./values.ts";

/** One tick of USER_HZ, and a microsecond, in nanoseconds. */
const TICK = 10_000_000n;
const MICROSECOND = 1000n;

/**
 * Time on processors.
 *
 * @param cpu files of the controller that limits
 * @param account files of the one that counts, on version 2 the same
 */
export async function readCpu(cpu: GroupFiles, account: GroupFiles): Promise<CpuStats> {
  const limited = flatKeyed(await cpu.read("cpu.stat"));
  const throttling = {
    periods: limited.nr_periods ?? 0n,
    throttledPeriods: limited.nr_throttled ?? 0n,
    throttledTime: limited.throttled_time ?? (limited.throttled_usec ?? 0n) * MICROSECOND,
  };
  if (account.version === 1) return { usage: await readAccount(account), throttling };
  const used = flatKeyed(await account.read("cpu.stat"));
  const usage = {
    total: (used.usage_usec ?? 0n) * MICROSECOND,
    kernel: (used.system_usec ?? 0n) * MICROSECOND,
    user: (used.user_usec ?? 0n) * MICROSECOND,
  };
  return { usage, throttling, ...parsePressure(await cpu.read("cpu.pressure")) };
}

async function readAccount(account: GroupFiles): Promise<CpuStats["usage"]> {
  const [total = "", split = "", each = "", all = ""] = await Promise.all(
    ["usage", "stat", "usage_percpu", "usage_all"].map((name) => account.read(`cpuacct.${name}`)),
  );
  const { user = 0n, system = 0n } = flatKeyed(split);
  const rows = all
    .split("\n")
    .slice(1)
    .flatMap((line) => {
      const [, own, kernel] = /^\d+ (\d+) (\d+)$/.exec(line) ?? [];
      return own === undefined || kernel === undefined ? [] : [[BigInt(own), BigInt(kernel)] as const];
    });
  return {
    total: numberIn(total),
    percpu: each.trim().split(/\s+/).filter(Boolean).map(BigInt),
    percpu_kernel: rows.map(([, kernel]) => kernel),
    percpu_user: rows.map(([own]) => own),
    kernel: system * TICK,
    user: user * TICK,
  };
}

/** Members that only version 1 has are 0 on version 2. */
const flags = [
  "cpu_exclusive",
  "mem_hardwall",
  "mem_exclusive",
  "memory_migrate",
  "memory_spread_page",
  "memory_spread_slab",
  "memory_pressure",
  "sched_load_balance",
  "sched_relax_domain_level",
] as const;

/** Processors and memory nodes. */
export async function readCpuset(files: GroupFiles): Promise<CpusetStats> {
  const effective = files.version === 2 ? ".effective" : "";
  const entries = await Promise.all(
    flags.map(async (name) => [name, numberIn(await files.read(`cpuset.${name}`))] as const),
  );
  return {
    ...Object.fromEntries(entries),
    cpus: rangeList(await files.read(`cpuset.cpus${effective}`)),
    mems: rangeList(await files.read(`cpuset.mems${effective}`)),
  };
}
