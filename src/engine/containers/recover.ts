import { TugError } from "../../base/index.ts";
import { connectMonitor, exitCodeOf, readExitRecord } from "../../helper/index.ts";
import type { EngineContext } from "../context.ts";
import type { LiveContainers } from "./live.ts";
import type { ContainerRecord } from "./record.ts";
import { removeRecord } from "./remove.ts";
import { scheduleRestart } from "./restart.ts";
import { startsAtBoot } from "./restart-policy.ts";
import type { Restarts } from "./restarts.ts";
import { type Ending, watchContainer } from "./watch.ts";

/** Called when a container has ended. */
export type Finish = (id: string, ending: Ending) => Promise<void>;

/**
 * Takes up what a predecessor left: running containers are watched again, ended ones are recorded as ended, what was
 * half made or half removed is removed, and what restart policies want is started.
 */
export async function recoverContainers(
  context: EngineContext,
  live: LiveContainers,
  { finish, restarts }: { finish: Finish; restarts: Restarts },
): Promise<void> {
  const { bootId } = await context.readFacts();
  for (const record of context.store.list()) {
    try {
      await recover(context, live, { record, finish });
      await awaken(context, { id: record.id, bootId, restarts });
    } catch (error) {
      context.logger.log("error", "container.recover", { container: record.id, error: String(error) });
    }
  }
}

async function recover(
  context: EngineContext,
  live: LiveContainers,
  { record, finish }: { record: ContainerRecord; finish: Finish },
): Promise<void> {
  switch (record.state.status) {
    case "creating":
    case "removing":
      await removeRecord(context, live, record, true);
      break;
    case "starting":
    case "running":
    case "paused":
      await reconnect(context, live, { record, finish });
      break;
    default:
      break;
  }
}

/** Has its restart policy start a container that was to be started, or that is started at a boot. */
async function awaken(
  { store }: EngineContext,
  { id, bootId, restarts }: { id: string; bootId: string; restarts: Restarts },
): Promise<void> {
  const record = store.get(id);
  if (record === undefined) return;
  const { status, bootId: last, byHand = false } = record.state;
  const isFirstAfterBoot = status === "exited" && last !== "" && last !== bootId;
  if (isFirstAfterBoot && startsAtBoot(record.request.restart, byHand)) {
    store.setState(id, { ...record.state, status: "restarting", restartPause: 0, restartAt: undefined });
  }
  const { state } = store.get(id) ?? record;
  scheduleRestart(record, state, restarts);
}

async function reconnect(
  context: EngineContext,
  live: LiveContainers,
  { record, finish }: { record: ContainerRecord; finish: Finish },
): Promise<void> {
  const { id } = record;
  const directory = context.layout.containerRun(id);
  const entry = live.get(id);
  try {
    entry.control = await connectMonitor(directory);
  } catch (error) {
    if (!(error instanceof TugError && error.code === "HELPER_MONITOR_LOST")) throw error;
    const exit = await readExitRecord(directory);
    await finish(id, { record: exit, exitCode: exit === undefined ? 255 : (exitCodeOf(exit) ?? 255) });
    return;
  }
  if (record.state.status === "starting") {
    // Nobody knows how far it got: it is ended, and the end is recorded like any other.
    await entry.control.signal(9).catch(() => undefined);
  }
  await watchContainer(context, entry, id, (ending) => finish(id, ending));
}
