import { readdir, readFile, readlink } from "node:fs/promises";
import { parseProcessStat } from "../../host/index.ts";
import type { KnownProcess } from "../planner/lifecycle.ts";
import type { StoredState } from "../state.ts";

type Entry = KnownProcess & { readonly parent: number; readonly namespace: string | undefined };

/**
 * The processes of a running container, where it has no control group: init, those of its mount namespace, which it shares
 * with no other container, and their children. None where init has ended: its number may be another process's by now.
 */
export async function processesWithoutGroup(state: StoredState, bootId: string): Promise<KnownProcess[]> {
  const { pid: init, groups } = state;
  if (groups.length > 0 || init === 0 || state.bootId !== bootId) return [];
  const entries = await allProcesses();
  if (entries.get(init)?.startTime !== BigInt(state.startTime)) return [];
  const own = await namespaceOf("self");
  const theirs = entries.get(init)?.namespace;
  const found = new Set<number>();
  for (const { pid, namespace } of entries.values()) {
    if (pid === init || (namespace !== undefined && namespace === theirs && namespace !== own))
      found.add(pid);
  }
  const children = Map.groupBy(entries.values(), ({ parent }) => parent);
  // A set goes on with what is added to it.
  for (const pid of found) {
    for (const child of children.get(pid) ?? []) found.add(child.pid);
  }
  return [...found]
    .toSorted((a, b) => a - b)
    .flatMap((pid) => {
      const startTime = entries.get(pid)?.startTime;
      return startTime === undefined ? [] : [{ pid, startTime }];
    });
}

async function allProcesses(): Promise<Map<number, Entry>> {
  const pids = (await readdir("/proc")).filter((name) => /^\d+$/.test(name)).map(Number);
  const entries = await Promise.all(pids.map(entryOf));
  return new Map(entries.flatMap((entry) => (entry === undefined ? [] : [[entry.pid, entry] as const])));
}

async function entryOf(pid: number): Promise<Entry | undefined> {
  const text = await readFile(`/proc/${pid}/stat`, "utf8").catch(() => undefined);
  if (text === undefined) return undefined;
  const { startTime, parentPid, state } = parseProcessStat(text);
  if (state === "Z" || state === "X") return undefined;
  return { pid, startTime, parent: parentPid, namespace: await namespaceOf(pid) };
}

/** Undefined for processes that are none of the caller's. */
function namespaceOf(pid: number | "self"): Promise<string | undefined> {
  return readlink(`/proc/${pid}/ns/mnt`).catch(() => undefined);
}
