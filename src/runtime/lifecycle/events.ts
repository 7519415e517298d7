import { setTimeout as sleep } from "node:timers/promises";
import { lifecycleError } from "../errors.ts";
import type { Existing } from "../planner/lifecycle.ts";
import { type ContainerStats, readOomKills, readStats } from "../stats/index.ts";
import { loadExisting } from "./existing.ts";
import type { RuntimeContext } from "./runtime.ts";
import { isAlive } from "./status.ts";

/** What happens to a container. */
export type ContainerEvent =
  | { readonly type: "stats"; readonly id: string; readonly data: ContainerStats }
  | { readonly type: "oom"; readonly id: string };

/** Between two looks at whether the container lives and has run out of memory, in milliseconds. */
const LOOK = 200;

/** What a container uses. @throws CONTAINER_NOT_FOUND, CONTAINER_NOT_RUNNING */
export async function containerStats(context: RuntimeContext, id: string): Promise<ContainerEvent> {
  const { state } = await requireAlive(context, id);
  return { type: "stats", id, data: await readStats(state) };
}

/**
 * What a container uses, again and again, and each time that it runs out of memory, until it has stopped.
 *
 * @param options.interval milliseconds between two statistics
 * @throws CONTAINER_NOT_FOUND, CONTAINER_NOT_RUNNING
 */
export async function* containerEvents(
  context: RuntimeContext,
  id: string,
  { interval, signal }: { interval: number; signal?: AbortSignal | undefined },
): AsyncGenerator<ContainerEvent> {
  const existing = await requireAlive(context, id);
  const { state } = existing;
  let kills = await readOomKills(state);
  let next = Date.now() + interval;
  for (let alive = true; alive && signal?.aborted !== true; ) {
    await sleep(Math.max(0, Math.min(LOOK, next - Date.now())), undefined, { ...(signal && { signal }) });
    alive = isAlive(existing, context.facts.bootId);
    const now = await readOomKills(state);
    for (; kills < now; kills += 1n) yield { type: "oom", id };
    if (!alive || Date.now() < next) continue;
    yield { type: "stats", id, data: await readStats(state) };
    next += interval;
  }
}

async function requireAlive({ root, facts }: RuntimeContext, id: string): Promise<Existing> {
  const existing = await loadExisting(root, id);
  if (isAlive(existing, facts.bootId)) return existing;
  throw lifecycleError("NOT_RUNNING", `container with id ${id} is not running: container not running`);
}
