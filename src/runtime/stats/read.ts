import type { StoredState } from "../state.ts";
import { type GroupFiles, groupFiles } from "./group-files.ts";
import { readCpu, readCpuset } from "./read-cpu.ts";
import { readIo } from "./read-io.ts";
import { readMemory } from "./read-memory.ts";
import { readResctrl } from "./read-resctrl.ts";
import type { ContainerStats, HugetlbStats } from "./types.ts";
import { flatKeyed, numberIn } from "./values.ts";

type Groups = Pick<StoredState, "groups">;

/** What the kernel has counted for a container so far; zeros where a controller is missing. */
export async function readStats(state: Pick<StoredState, "groups" | "resctrl">): Promise<ContainerStats> {
  const files = (controller: string) => groupFiles(state, controller);
  const pids = files("pids");
  const limit = await pids.read("pids.max");
  return {
    cpu: await readCpu(files("cpu"), files("cpuacct")),
    cpuset: await readCpuset(files("cpuset")),
    memory: await readMemory(files("memory")),
    // No limit is 0, as in runc.
    pids: {
      current: numberIn(await pids.read("pids.current")),
      limit: limit.trim() === "max" ? 0n : numberIn(limit),
    },
    blkio: await readIo(files("blkio")),
    hugetlb: await readHugetlb(files("hugetlb")),
    intel_rdt: await readResctrl(state.resctrl),
    network_interfaces: null,
  };
}

/** How often the kernel has killed a process of a container for want of memory. */
export async function readOomKills(state: Groups): Promise<bigint> {
  const files = groupFiles(state, "memory");
  const text = await files.read(files.version === 1 ? "memory.oom_control" : "memory.events");
  return flatKeyed(text).oom_kill ?? 0n;
}

async function readHugetlb(files: GroupFiles): Promise<Record<string, HugetlbStats>> {
  const current = files.version === 1 ? "usage_in_bytes" : "current";
  const pattern = new RegExp(`^hugetlb\\.(\\d+[KMG]B)\\.${current}$`);
  const sizes = (await files.names()).flatMap((name) => pattern.exec(name)?.[1] ?? []);
  const entries = await Promise.all(
    sizes.map(async (size) => [size, await readPages(files, `hugetlb.${size}`)] as const),
  );
  return Object.fromEntries(entries);
}

async function readPages(files: GroupFiles, prefix: string): Promise<HugetlbStats> {
  const read = async (name: string) => files.read(`${prefix}.${name}`);
  if (files.version === 2) {
    const failures = flatKeyed(await read("events")).max ?? 0n;
    return { usage: numberIn(await read("current")), max: 0n, failcnt: failures };
  }
  return {
    usage: numberIn(await read("usage_in_bytes")),
    max: numberIn(await read("max_usage_in_bytes")),
    failcnt: numberIn(await read("failcnt")),
  };
}
