import type { MemoryUsage } from "../model/container-stats.ts";
import { flatKeyed, type GroupFiles, numberIn } from "./group-files.ts";

/** @param machine bytes of memory of the machine, which is what a container without a limit has */
export async function readMemory(files: GroupFiles, machine: number): Promise<MemoryUsage> {
  return files.version === 1 ? readLegacy(files, machine) : readUnified(files, machine);
}

async function readLegacy(files: GroupFiles, machine: number): Promise<MemoryUsage> {
  const [usage, maxUsage, limit, failures] = await Promise.all(
    ["usage_in_bytes", "max_usage_in_bytes", "limit_in_bytes", "failcnt"].map(async (name) =>
      numberIn(await files.read(`memory.${name}`)),
    ),
  );
  return {
    usage: usage ?? 0,
    maxUsage: maxUsage ?? 0,
    limit: Math.min(limit ?? machine, machine),
    failures: failures ?? 0,
    details: flatKeyed(await files.read("memory.stat")),
  };
}

async function readUnified(files: GroupFiles, machine: number): Promise<MemoryUsage> {
  const [usage = "", limit = "", events = "", details = ""] = await Promise.all(
    ["current", "max", "events", "stat"].map((name) => files.read(`memory.${name}`)),
  );
  return {
    usage: numberIn(usage) ?? 0,
    limit: Math.min(numberIn(limit) ?? machine, machine),
    failures: flatKeyed(events).oom ?? 0,
    details: flatKeyed(details),
  };
}
