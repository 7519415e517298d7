import { rm } from "node:fs/promises";
import { TugError } from "../../base/index.ts";
import type { HostFacts } from "../../host/index.ts";
import { loadExisting, removeContainer } from "../../runtime/index.ts";
import type { EngineContext } from "../context.ts";
import { disconnectContainer } from "../networks/connect.ts";
import { describeEnd, initOf } from "./end.ts";
import { publishContainerOnce } from "./events.ts";
import type { LiveContainers } from "./live.ts";
import type { ContainerRecord, RecordedState } from "./record.ts";
import { removeRecord } from "./remove.ts";
import { restartPause } from "./restart-policy.ts";
import type { Ending } from "./watch.ts";

/** How long a monitor may take to hand out the last output before its directory is removed, in milliseconds. */
const DRAINING = 15_000;

/**
 * A container has ended: records how and whether it is started again, tells who waits, removes what it left in the
 * kernel, and the container itself if that was asked for.
 */
export async function finishContainer(
  context: EngineContext,
  live: LiveContainers,
  id: string,
  { record: exit }: Ending,
): Promise<void> {
  const record = context.store.get(id);
  if (record === undefined) return;
  const facts = await context.readFacts();
  const entry = live.get(id);
  const removing = record.state.status === "removing";
  await cleanRuntime(context, { id, facts, kill: exit === undefined });
  await disconnectContainer(context, id);
  const end = await describeEnd(context, record, { exit, bootId: facts.bootId });
  context.witness.forget(initOf(record.state));
  const { exitCode, error, oomKilled, finishedAt } = end;
  const execDuration = String(Math.floor(ranFor(record, finishedAt) / 1000));
  const attributes = { exitCode: String(exitCode), execDuration };
  // Published first: without the state, the next engine comes here again.
  publishContainerOnce(context, record, { action: "die", since: finishedAt, attributes });
  context.store.setState(id, {
    ...record.state,
    ...(removing ? {} : whatComesNext(record, end)),
    pid: 0,
    exitCode,
    error,
    oomKilled,
    finishedAt,
  });
  entry.settled = removeRunDirectory(context, live, id);
  entry.lastEnd = { exitCode, error: error || undefined };
  for (const listener of entry.endListeners) listener(entry.lastEnd);
  entry.endListeners.clear();
  if (record.request.autoRemove && !removing) {
    await entry.settled;
    await removeRecord(context, live, record, true);
  }
}

/** Its restart policy's part of the state of a container that has ended. */
export function whatComesNext(
  record: ContainerRecord,
  end: { exitCode: number; finishedAt: string; atShutdown: boolean },
): Pick<RecordedState, "status" | "restartPause" | "restartAt"> {
  const { request, state } = record;
  const pause = restartPause(request.restart, {
    ...end,
    ranFor: ranFor(record, end.finishedAt),
    byHand: state.byHand ?? false,
    restartCount: state.restartCount,
    pause: state.restartPause ?? 0,
  });
  if (pause === undefined) return { status: "exited", restartAt: undefined };
  return {
    status: "restarting",
    restartPause: pause,
    restartAt: new Date(Date.now() + pause).toISOString(),
  };
}

/** Milliseconds. */
function ranFor({ state }: ContainerRecord, finishedAt: string): number {
  return state.startedAt === undefined
    ? 0
    : Math.max(0, Date.parse(finishedAt) - Date.parse(state.startedAt));
}

/** The control groups and the state directory; without a monitor init may live on, others of its groups may anyway. */
async function cleanRuntime(
  { layout, helper, logger }: EngineContext,
  { id, facts, kill }: { id: string; facts: HostFacts; kill: boolean },
): Promise<void> {
  const root = layout.containerRun(id);
  try {
    const runtime = { root, helper, logger, facts, owner: 0 };
    await removeContainer(runtime, await loadExisting(root, "state"), kill);
  } catch (error) {
    if (error instanceof TugError && error.kind === "notFound") return;
    logger.log("warn", "container.clean", { container: id, error: String(error) });
  }
}

/** Removes what the last run has left in the run directory, once its monitor needs it no more. */
export async function removeRunDirectory(
  { layout, logger }: EngineContext,
  live: LiveContainers,
  id: string,
): Promise<void> {
  const entry = live.get(id);
  if (entry.control !== undefined) {
    const late = new Promise((resolve) => setTimeout(resolve, DRAINING).unref());
    await Promise.race([entry.control.closed, late]);
    entry.control[Symbol.dispose]();
    entry.control = undefined;
  }
  await rm(layout.containerRun(id), { recursive: true, force: true }).catch((error: unknown) => {
    logger.log("warn", "container.clean", { container: id, error: String(error) });
  });
}
