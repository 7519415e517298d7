import { setTimeout as sleep } from "node:timers/promises";
import { TugError } from "../../base/index.ts";
import { loadExisting } from "../../runtime/index.ts";
import type { ContainerRecord } from "../containers/record.ts";
import { isRunning } from "../containers/stop.ts";
import type { EngineContext } from "../context.ts";
import type { ContainerStats, StatsSample } from "../model/container-stats.ts";
import { sampleContainer } from "./sample.ts";

/** How what a container uses is asked for. */
export type StatsQuery = {
  /** Every second until the container is removed, else once. */
  readonly stream: boolean;
  /** Do not wait for a second look, from which a percentage can be worked out. */
  readonly oneShot: boolean;
};

/** Between two looks, in milliseconds. */
const INTERVAL = 1000;

/**
 * What a container uses, as of now and as of a second before. One that does not run uses nothing; a stream goes on until
 * it has been removed.
 */
export async function* streamStats(
  context: EngineContext,
  { id }: ContainerRecord,
  { query, signal }: { query: StatsQuery; signal: AbortSignal },
): AsyncGenerator<ContainerStats> {
  const first = await look(context, id);
  if (first === undefined) return;
  let before = first.now;
  if (query.stream || query.oneShot || before === undefined) yield first;
  if (!query.stream && (query.oneShot || before === undefined)) return;
  do {
    await sleep(INTERVAL, undefined, { signal });
    const next = await look(context, id);
    if (next === undefined) return;
    yield { ...next, before };
    before = next.now;
  } while (query.stream);
}

/** Undefined when there is no such container any more. */
async function look(context: EngineContext, id: string): Promise<ContainerStats | undefined> {
  const record = context.store.get(id);
  if (record === undefined) return undefined;
  const { name } = record;
  if (!isRunning(record)) return { id, name };
  const now = await sample(context, record);
  const after = context.store.get(id);
  return after && { id, name, now: isRunning(after) ? now : undefined };
}

async function sample(
  { layout }: EngineContext,
  { id, request }: ContainerRecord,
): Promise<StatsSample | undefined> {
  try {
    const { state } = await loadExisting(layout.containerRun(id), "state");
    return await sampleContainer(state, { ownNetwork: request.network.mode.kind !== "host" });
  } catch (error) {
    // It has ended between the two looks.
    if (error instanceof TugError && error.kind === "notFound") return undefined;
    throw error;
  }
}
