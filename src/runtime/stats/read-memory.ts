import type { GroupFiles } from "./group-files.ts";
import { parsePressure } from "./pressure.ts";
import type { MemoryEntry, MemoryStats } from "./types.ts";
import { addLimits, flatKeyed, numberIn } from "./values.ts";

const nothing: MemoryEntry = { limit: 0n, usage: 0n, max: 0n, failcnt: 0n };

/** Memory. Version 1 counts swap together with memory, and so it is told on version 2, as runc does. */
export async function readMemory(files: GroupFiles): Promise<MemoryStats> {
  return files.version === 1 ? readLegacy(files) : readUnified(files);
}

async function readLegacy(files: GroupFiles): Promise<MemoryStats> {
  const entry = async (part: string): Promise<MemoryEntry> => {
    const [limit = "", usage = "", max = "", failures = ""] = await Promise.all(
      ["limit_in_bytes", "usage_in_bytes", "max_usage_in_bytes", "failcnt"].map((name) =>
        files.read(`memory.${part}${name}`),
      ),
    );
    return {
      limit: numberIn(limit),
      usage: numberIn(usage),
      max: numberIn(max),
      failcnt: numberIn(failures),
    };
  };
  const raw = flatKeyed(await files.read("memory.stat"));
  return {
    cache: raw.cache ?? 0n,
    usage: await entry(""),
    swap: await entry("memsw."),
    kernel: await entry("kmem."),
    kernelTCP: await entry("kmem.tcp."),
    raw,
  };
}

async function readUnified(files: GroupFiles): Promise<MemoryStats> {
  const numbers = async (part: string) => {
    const [usage = "", limit = "", peak = ""] = await Promise.all(
      ["current", "max", "peak"].map((name) => files.read(`memory.${part}${name}`)),
    );
    return { usage: numberIn(usage), limit: numberIn(limit), max: numberIn(peak) };
  };
  const [own, swap] = [await numbers(""), await numbers("swap.")];
  const raw = flatKeyed(await files.read("memory.stat"));
  const events = flatKeyed(await files.read("memory.events"));
  return {
    cache: raw.file ?? 0n,
    usage: { ...own, failcnt: events.max ?? 0n },
    swap: {
      usage: own.usage + swap.usage,
      limit: addLimits(own.limit, swap.limit),
      max: own.max + swap.max,
      failcnt: 0n,
    },
    kernel: nothing,
    kernelTCP: nothing,
    raw,
    ...parsePressure(await files.read("memory.pressure")),
    event_count: events,
  };
}
