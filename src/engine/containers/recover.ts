import { existsSync } from "node:fs";
import { readdir } from "node:fs/promises";
import { dirname, join } from "node:path";
import { removeTree, TugError } from "../../base/index.ts";
import { connectMonitor, readExitRecord } from "../../helper/index.ts";
import { discardDump } from "../checkpoints/discard.ts";
import type { EngineContext } from "../context.ts";
import { publishCreate } from "./create.ts";
import { initOf } from "./end.ts";
import { removeRemains } from "./finish.ts";
import { letGoOn } from "./freeze.ts";
import type { LiveContainers } from "./live.ts";
import { parentOf } from "./parent.ts";
import type { ContainerRecord } from "./record.ts";
import { recoverStart } from "./recover-start.ts";
import { removeRecord } from "./remove.ts";
import { scheduleRestart } from "./restart.ts";
import { startsAtBoot } from "./restart-policy.ts";
import type { Restarts } from "./restarts.ts";
import { publishStart } from "./start.ts";
import { endsWithin, isRunning } from "./stop.ts";
import { type Ending, watchContainer } from "./watch.ts";

/** How long monitors may take to answer before others are served, in milliseconds: one may hang. */
const PATIENCE = 2000;

/** Called when a container has ended. */
export type Finish = (id: string, ending: Ending) => Promise<void>;

export type RecoveryOptions = {
  readonly finish: Finish;
  /** Ends what lies in a container that does not run, or removes it with that. */
  readonly endInside: (id: string) => Promise<void>;
  readonly restarts: Restarts;
  /** Does something while nothing else happens to the container of that id. */
  readonly alone: (id: string, work: () => Promise<void>) => Promise<void>;
};

/**
 * Takes up what a predecessor left: running containers are watched again, ended ones are recorded as ended, what was
 * half made or half removed is removed, and what restart policies want is started. What takes time goes on when this has
 * returned.
 */
export async function recoverContainers(
  context: EngineContext,
  live: LiveContainers,
  options: RecoveryOptions,
): Promise<void> {
  const { finish, restarts, alone } = options;
  const { bootId } = await context.readFacts();
  await removeStrays(context);
  const until = Date.now() + PATIENCE;
  for (const record of [...context.store.list(), ...context.store.listGone()]) {
    const takeUp = async (): Promise<void> => {
      try {
        await recover(context, live, { record, finish, until });
        await awaken(context, { id: record.id, bootId, restarts });
      } catch (error) {
        context.logger.log("error", "container.recover", { container: record.id, error: String(error) });
      }
    };
    if (takesTime(record)) void context.background.run(() => alone(record.id, takeUp));
    else await takeUp();
  }
  for (const id of new Set(context.store.listInside().map(parentOf))) {
    if (id !== undefined) void context.background.run(() => recoverInside(context, id, options));
  }
}

/** A predecessor may have died between the end, or the removal, of a container and that of what lies in it. */
async function recoverInside(
  { store }: EngineContext,
  id: string,
  { alone, endInside }: RecoveryOptions,
): Promise<void> {
  // What is known of it is true when it has been taken up itself.
  await alone(id, async () => undefined);
  const outer = store.get(id);
  if (outer === undefined || !isRunning(outer)) await endInside(id);
}

/** Directories of containers whose rows a power loss took along. */
async function removeStrays({ layout, store }: EngineContext): Promise<void> {
  const directory = dirname(layout.container("any"));
  for (const id of await readdir(directory).catch(() => [])) {
    if (store.get(id) === undefined) await removeTree(join(directory, id));
  }
}

type Recovery = {
  readonly record: ContainerRecord;
  readonly finish: Finish;
  /** When monitors that have not answered are waited for no longer, in milliseconds since 1970. */
  readonly until: number;
};

async function recover(
  context: EngineContext,
  live: LiveContainers,
  { record, finish, until }: Recovery,
): Promise<void> {
  const { id } = record;
  const state = await discardDump(context, record);
  switch (state.status) {
    case "creating":
    case "removing":
      await finishLater(context, live, id);
      await removeRecord(context, live, record, true);
      break;
    case "starting":
      await recoverStart(context, live, { record, finish });
      break;
    case "running":
    case "paused":
      // Who wanted to start it again went with the engine.
      if (state.startsAgain) context.store.setState(id, { ...state, startsAgain: false });
      await reconnect(context, live, { record, finish, until });
      if (state.held) await letGoOn(context, id);
      break;
    default:
      if (state.status === "created") publishCreate(context, record);
      await finishLater(context, live, id);
      if (isToBeRemoved(record)) await removeRecord(context, live, record, true);
  }
}

/** Other processes are waited for: the engine serves meanwhile. */
function takesTime(record: ContainerRecord): boolean {
  const { status, dumping } = record.state;
  return ["starting", "removing"].includes(status) || dumping !== undefined || isToBeRemoved(record);
}

function isToBeRemoved({ request, state }: ContainerRecord): boolean {
  return request.autoRemove && state.status === "exited";
}

/** The monitor of a container that has ended may still be handing out its last output. */
async function finishLater(context: EngineContext, live: LiveContainers, id: string): Promise<void> {
  const entry = live.get(id);
  const directory = context.layout.containerRun(id);
  if (!existsSync(directory)) return;
  entry.control = await connectMonitor(directory).catch(() => undefined);
  entry.settled = removeRemains(context, live, { id, facts: await context.readFacts() });
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
  { record, finish, until }: Recovery,
): Promise<void> {
  const { id } = record;
  const directory = context.layout.containerRun(id);
  const entry = live.get(id);
  context.witness.watch(initOf(record.state));
  try {
    entry.control = await connectMonitor(directory);
  } catch (error) {
    publishStart(context, record, record.state);
    if (!(error instanceof TugError && error.code === "HELPER_MONITOR_LOST")) throw error;
    await finish(id, { record: await readExitRecord(directory) });
    return;
  }
  publishStart(context, record, record.state);
  const watching = watchContainer(context, entry, id, (ending) => finish(id, ending));
  await endsWithin(watching, Math.max(0, until - Date.now()));
}
