import { constants } from "node:fs";
import { open } from "node:fs/promises";
import { errnoOf } from "../../base/index.ts";
import type { OomVictim } from "../model/why-view.ts";

/** The longest record of the kernel's log. Source: include/linux/printk.h, PRINTK_MESSAGE_MAX */
const RECORD_BYTES = 8192;

/** More than any kernel's log has room for. */
const MOST_RECORDS = 100_000;

/** So many are told of at most. */
const MOST_VICTIMS = 5;

/**
 * Who was killed in a container for lack of memory, as the kernel's log tells it; nobody where it cannot be read or has
 * forgotten.
 *
 * @param kills how many were killed in the last run: those of earlier runs are left out
 */
export async function readOomVictims(container: string, kills: number): Promise<OomVictim[]> {
  const lines: string[] = [];
  try {
    for await (const line of readKernelLog()) if (/oom-kill:|Killed process/.test(line)) lines.push(line);
  } catch {
    // Not readable here, or overwritten while it was read: the rest of the story stands without it.
  }
  return parseOomVictims(lines, container).slice(-Math.min(kills, MOST_VICTIMS));
}

/**
 * The victims of a container, the last ones last.
 * Source: https://github.com/torvalds/linux/blob/v6.12/mm/oom_kill.c dump_oom_summary, __oom_kill_process
 */
export function parseOomVictims(lines: readonly string[], container: string): OomVictim[] {
  const victims: OomVictim[] = [];
  const own = new Set<string>();
  for (const line of lines) {
    const [, group = "", chosen] = /oom-kill:.*\btask_memcg=(.*),task=.*,pid=(\d+),uid=/.exec(line) ?? [];
    if (chosen !== undefined && group.split("/").includes(container)) own.add(chosen);
    const [, pid = "", command = "", size] =
      /Killed process (\d+) \((.*)\) .*anon-rss:(\d+)kB/.exec(line) ?? [];
    if (size === undefined || !own.delete(pid)) continue;
    victims.push({ pid: Number(pid), command, bytes: Number(size) * 1024 });
  }
  return victims;
}

/** The records of /dev/kmsg from its begin to now. Source: Documentation/ABI/testing/dev-kmsg */
async function* readKernelLog(): AsyncGenerator<string> {
  await using file = await open("/dev/kmsg", constants.O_RDONLY | constants.O_NONBLOCK);
  const buffer = Buffer.alloc(RECORD_BYTES);
  for (let count = 0; count < MOST_RECORDS; count += 1) {
    try {
      const { bytesRead } = await file.read(buffer, 0, RECORD_BYTES, null);
      yield buffer.toString("utf8", 0, bytesRead);
    } catch (error) {
      // The next read goes on after what was overwritten.
      if (errnoOf(error) === "EPIPE") continue;
      if (errnoOf(error) === "EAGAIN") return;
      throw error;
    }
  }
}
