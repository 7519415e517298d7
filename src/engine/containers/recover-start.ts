import { setTimeout as sleep } from "node:timers/promises";
import { TugError } from "../../base/index.ts";
import { connectMonitor, type MonitorControl, readExitRecord } from "../../helper/index.ts";
import { type Existing, loadExisting } from "../../runtime/index.ts";
import type { EngineContext } from "../context.ts";
import { initOf } from "./end.ts";
import type { LiveContainers } from "./live.ts";
import type { ContainerRecord, RecordedState } from "./record.ts";
import type { Finish } from "./recover.ts";
import { removeRecord } from "./remove.ts";
import { abandon, publishStart } from "./start.ts";
import { beforeStart } from "./view.ts";
import { watchContainer } from "./watch.ts";

/** How long a predecessor's plan may go on after its death, in milliseconds, and how often that is looked at. */
const PATIENCE = 30_000;
const STEP = 20;

type Recovery = { readonly record: ContainerRecord; readonly finish: Finish };

/**
 * Brings the start of a container to its end that a predecessor died in. Its plan is with the monitor, if it got that far,
 * and is carried out; else the container is what it was before.
 */
export async function recoverStart(
  context: EngineContext,
  live: LiveContainers,
  { record, finish }: Recovery,
): Promise<void> {
  const { id } = record;
  const entry = live.get(id);
  const run = context.layout.containerRun(id);
  const control = await connectIfThere(run);
  const existing = control && (await whenCreated(context, id, control));
  if (control !== undefined && existing !== undefined) {
    entry.control = control;
    hasBegun(context, record, existing.state);
    await watchContainer(context, entry, id, (ending) => finish(id, ending));
    return;
  }
  control?.[Symbol.dispose]();
  const exit = await readExitRecord(run);
  if (exit?.init === undefined || exit.failure !== undefined) {
    await takeBack(context, live, record);
    return;
  }
  // It has come to its end already.
  hasBegun(context, record, exit.init);
  void finish(id, { record: exit }).catch((error: unknown) => {
    context.logger.log("error", "container.finish", { container: id, error: String(error) });
  });
}

/** Records that a container runs, and says so. */
function hasBegun(
  context: EngineContext,
  record: ContainerRecord,
  { pid, startTime }: { pid: number; startTime: string | bigint },
): void {
  const state: RecordedState = {
    ...record.state,
    status: "running",
    pid,
    startTime: startTime.toString(),
    exitCode: 0,
    startedAt: new Date().toISOString(),
    planDigest: undefined,
  };
  context.store.setState(record.id, state);
  context.witness.watch(initOf(state));
  publishStart(context, record, state);
}

async function connectIfThere(run: string): Promise<MonitorControl | undefined> {
  try {
    return await connectMonitor(run);
  } catch (error) {
    if (error instanceof TugError && error.code === "HELPER_MONITOR_LOST") return undefined;
    throw error;
  }
}

async function loadIfThere({ layout }: EngineContext, id: string): Promise<Existing | undefined> {
  try {
    return await loadExisting(layout.containerRun(id), "state");
  } catch (error) {
    if (error instanceof TugError && error.kind === "notFound") return undefined;
    throw error;
  }
}

/** The container as soon as it has an init; undefined when it gets none. */
async function whenCreated(
  context: EngineContext,
  id: string,
  control: MonitorControl,
): Promise<Existing | undefined> {
  for (let waited = 0; waited < PATIENCE; waited += STEP) {
    const existing = await loadIfThere(context, id);
    if (existing !== undefined && existing.state.pid !== 0) return existing;
    const { exited } = await control.status().catch(() => ({ exited: true }));
    if (exited) return undefined;
    await sleep(STEP);
  }
  return undefined;
}

async function takeBack(
  context: EngineContext,
  live: LiveContainers,
  record: ContainerRecord,
): Promise<void> {
  const { id, state, request } = record;
  await abandon(context, live, id);
  const status = beforeStart(state);
  if (request.autoRemove) {
    await removeRecord(context, live, record, true);
    return;
  }
  context.store.setState(id, {
    ...state,
    status,
    error: "the engine ended while it was starting the container",
    ...(status === "restarting" && { restartCount: state.restartCount - 1 }),
  });
}
