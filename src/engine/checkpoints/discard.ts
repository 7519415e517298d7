import { readdir, readlink, rename } from "node:fs/promises";
import { setTimeout as sleep } from "node:timers/promises";
import { ifThere, removeTree } from "../../base/index.ts";
import type { ContainerRecord, RecordedState } from "../containers/record.ts";
import type { EngineContext } from "../context.ts";

/** How often it is looked whether criu has ended, in milliseconds. */
const STEP = 100;

/**
 * Removes a checkpoint that an engine before has begun and not finished. criu, which knows nothing of that one's end, is
 * waited for: it leaves the container as it has found it, and what it has stopped halfway would be damaged. Only then may
 * the container go on.
 *
 * @returns the state that is on record afterwards
 */
export async function discardDump(
  { store }: Pick<EngineContext, "store">,
  { id, state }: ContainerRecord,
): Promise<RecordedState> {
  const { dumping } = state;
  if (dumping === undefined) return state;
  // A criu that is about to begin finds nothing here any more.
  const aside = `${dumping}-`;
  await ifThere(rename(dumping, aside));
  while (await isOpen(aside)) await sleep(STEP);
  await removeTree(aside);
  const { dumping: _, ...rest } = store.find(id).state;
  store.setState(id, rest);
  return rest;
}

/** Whether a process has a directory open, or a file in it. */
async function isOpen(directory: string): Promise<boolean> {
  for (const pid of await readdir("/proc")) {
    if (!/^\d+$/.test(pid)) continue;
    for (const fd of await readdir(`/proc/${pid}/fd`).catch(() => [])) {
      const target = await readlink(`/proc/${pid}/fd/${fd}`).catch(() => "");
      if (target === directory || target.startsWith(`${directory}/`)) return true;
    }
  }
  return false;
}
