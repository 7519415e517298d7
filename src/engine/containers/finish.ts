import { messageOf, removeTree, TugError } from "../../base/index.ts";
import type { HostFacts } from "../../host/index.ts";
import { loadExisting, removeContainer } from "../../runtime/index.ts";
import type { EngineContext } from "../context.ts";
import type { RunEnd } from "../model/why-view.ts";
import { disconnectContainer } from "../networks/disconnect.ts";
import { deleteByHandler } from "../runtimes/work.ts";
import { describeConfiguration } from "../why/configuration.ts";
import { describeRunEnd, isGood } from "../why/run-end.ts";
import { describeEnd, initOf } from "./end.ts";
import { publishContainerOnce } from "./events.ts";
import type { LiveContainers } from "./live.ts";
import { lostState } from "./lost-state.ts";
import type { ContainerRecord, RecordedState } from "./record.ts";
import { removeRecord } from "./remove.ts";
import { restartPause } from "./restart-policy.ts";
import type { Ending } from "./watch.ts";

/** How long a monitor may take to hand out the last output before its directory is removed, in milliseconds. */
const DRAINING = 15_000;

/**
 * A container has ended: records how and whether it is started again, or that it is no more, tells who waits, and then
 * removes what it left in the kernel, and the container itself if that was asked for. Whoever starts it again waits for
 * that (`settled`), and an engine that dies before leaves it to the next one.
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
  const goes = record.request.autoRemove && !removing && record.state.startsAgain !== true;
  // What nobody watches any more is ended first, so that there is an end to tell of.
  if (exit === undefined) await cleanRuntime(context, { id, facts, kill: true });
  disconnectContainer(context, id);
  const end = await describeEnd(context, record, { exit, bootId: facts.bootId });
  const why = await describeRunEnd(context, record, { end, exit });
  context.witness.forget(initOf(record.state));
  const { exitCode, error, oomKilled, finishedAt } = end;
  const execDuration = String(Math.floor(ranFor(record, finishedAt) / 1000));
  const attributes = { exitCode: String(exitCode), execDuration };
  // Published first: without the state, the next engine comes here again.
  publishContainerOnce(context, record, { action: "die", since: finishedAt, attributes });
  const state: RecordedState = {
    ...record.state,
    ...(removing ? {} : whatComesNext(record, end)),
    pid: 0,
    exitCode,
    error,
    oomKilled,
    finishedAt,
    end: why,
  };
  rememberIfGood(context, record, why);
  if (goes) {
    const since = new Date().toISOString();
    context.store.hide(record, { ...state, status: "removing", removing: { since, volumes: true } });
  } else {
    // That it is being removed is what counts after a power loss, and is on record already.
    context.store.setState(id, state, removing);
  }
  entry.settled = removeRemains(context, live, { id, facts });
  entry.lastEnd = { exitCode, error: error || undefined };
  for (const listener of entry.endListeners) listener(entry.lastEnd);
  entry.endListeners.clear();
  if (!goes) return;
  // Nobody finds it any more: that its files are still there for a moment is nobody's business.
  for (const listener of entry.removalListeners) listener();
  await context.background.run(() => removeRecord(context, live, record, true));
}

/** Keeps what the run was made of for later ones under the same name; names that were made up do not come again. */
function rememberIfGood({ goodRuns, logger }: EngineContext, record: ContainerRecord, end: RunEnd): void {
  if (record.request.name === undefined || !isGood(end)) return;
  try {
    const configuration = describeConfiguration(record);
    goodRuns.set(record.name, { container: record.id, at: end.at, configuration });
  } catch (error) {
    // On a full disk the run that was remembered before stays.
    logger.log("warn", "container.good-run", { container: record.id, reason: messageOf(error) });
  }
}

/** Removes what the last run of a container left outside of its own files. Never rejects. */
export async function removeRemains(
  context: EngineContext,
  live: LiveContainers,
  { id, facts }: { id: string; facts: HostFacts },
): Promise<void> {
  await cleanRuntime(context, { id, facts, kill: false });
  await removeRunDirectory(context, live, id);
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
  context: EngineContext,
  { id, facts, kill }: { id: string; facts: HostFacts; kill: boolean },
): Promise<void> {
  const { layout, helper, logger, store } = context;
  const record = store.get(id);
  const root = layout.containerRun(id);
  try {
    const runtime = { root, helper, logger, facts, owner: 0 };
    if (record !== undefined) await deleteByHandler(context, record);
    const existing = await ifKnown(loadExisting(root, "state"));
    const remains =
      existing ?? (kill && record !== undefined ? lostState(record, { root, facts }) : undefined);
    if (remains !== undefined) await removeContainer(runtime, remains, kill);
  } catch (error) {
    logger.log("warn", "container.clean", { container: id, error: String(error) });
  }
}

async function ifKnown<T>(loading: Promise<T>): Promise<T | undefined> {
  try {
    return await loading;
  } catch (error) {
    if (error instanceof TugError && error.kind === "notFound") return undefined;
    throw error;
  }
}

/** Removes what the last run has left in the run directory, once its monitor and those of its sessions need it no more. */
async function removeRunDirectory(
  { layout, execs, logger }: EngineContext,
  live: LiveContainers,
  id: string,
): Promise<void> {
  const entry = live.get(id);
  const late = new Promise((resolve) => setTimeout(resolve, DRAINING).unref());
  await Promise.race([Promise.all([entry.control?.closed, execs.allEnded(id)]), late]);
  entry.control?.[Symbol.dispose]();
  entry.control = undefined;
  await removeTree(layout.containerRun(id)).catch((error: unknown) => {
    logger.log("warn", "container.clean", { container: id, error: String(error) });
  });
}
