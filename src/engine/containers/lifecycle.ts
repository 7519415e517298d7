import { createKeyedMutex } from "../../base/index.ts";
import { makeCheckpoint } from "../checkpoints/make.ts";
import type { EngineContext } from "../context.ts";
import type { CheckpointReference, CheckpointRequest } from "../model/checkpoint.ts";
import type { Container } from "../model/container-view.ts";
import { isMeantToEnd, keepOverEnd } from "./by-hand.ts";
import { publishContainer } from "./events.ts";
import { finishContainer } from "./finish.ts";
import { killContainer } from "./kill.ts";
import { type Life, letEnd, takeOver } from "./life.ts";
import type { LiveContainers } from "./live.ts";
import { childrenOf, parentOf } from "./parent.ts";
import { type ContainersPruned, pruneContainers } from "./prune.ts";
import { recoverContainers } from "./recover.ts";
import { type RemoveOptions, removeContainer } from "./remove-container.ts";
import { restartByPolicy, scheduleRestart } from "./restart.ts";
import { createRestarts, type Restarts } from "./restarts.ts";
import { startContainer } from "./start.ts";
import {
  isRunning,
  publishStop,
  requireRunning,
  type StopOptions,
  sendSignal,
  stopContainer,
} from "./stop.ts";
import { waitForContainer } from "./wait.ts";
import type { Ending } from "./watch.ts";

/** Begins and ends containers. References are names, ids, or unambiguous beginnings of ids. */
export interface Lifecycle {
  /** @param checkpoint what it goes on from instead of running its program */
  start(reference: string, signal: AbortSignal, checkpoint?: CheckpointReference): Promise<void>;
  /** Makes a checkpoint of a container that runs. It is ended then, unless it is to go on. */
  checkpoint(reference: string, request: CheckpointRequest): Promise<void>;
  stop(reference: string, options: StopOptions, signal: AbortSignal): Promise<void>;
  restart(reference: string, options: StopOptions, signal: AbortSignal): Promise<void>;
  kill(reference: string, signalName: string | undefined): Promise<void>;
  /** Restarts a container, stops it, or kills it and leaves the rest to its restart policy. */
  endUnhealthy(reference: string, action: "restart" | "stop" | "kill"): Promise<void>;
  /** With what lies in it. */
  remove(reference: string, options: RemoveOptions): Promise<void>;
  /** Removes containers that do not run, with what lies in them; their volumes stay. */
  prune(fits: (container: Container) => boolean): Promise<ContainersPruned>;
  /** Takes up what an engine before this one left. */
  recover(): Promise<void>;
  /** Starts nothing any more. */
  close(): void;
}

/** The lives of an engine's containers. */
export function openLifecycle(context: EngineContext, live: LiveContainers): Lifecycle & Pick<Life, "alone"> {
  const { store } = context;
  const mutex = createKeyedMutex();
  const alone: Life["alone"] = (id) => ({ run: (work) => mutex.run(id, work) });
  const restarts: Restarts = createRestarts(
    (id) =>
      restartByPolicy(context, live, id, {
        restarts,
        mutex: alone(id),
        finish: (ending) => finish(life, id, ending),
      }),
    context.layout.wantedFile,
  );
  const life: Life = { context, live, restarts, alone };
  const stopNow: Lifecycle["stop"] = (reference, options, signal) =>
    stop(life, reference, { options, signal });
  const restartNow: Lifecycle["restart"] = (reference, options, signal) =>
    restart(life, reference, { options, signal });
  return {
    alone,
    start: async (reference, _, checkpoint) => start(life, store.find(reference).id, checkpoint),
    checkpoint: (reference, request) => checkpoint(life, reference, request),
    stop: stopNow,
    restart: restartNow,
    kill: (reference, signalName) => kill(life, reference, signalName),
    async endUnhealthy(reference, action) {
      const { signal } = new AbortController();
      if (action === "kill") await sendSignal(context, live, store.find(reference), "SIGKILL");
      else if (action === "stop") await stopNow(reference, {}, signal);
      else await restartNow(reference, {}, signal);
    },
    remove: (reference, options) => removeContainer(life, reference, options),
    prune: (fits) => pruneContainers(life, fits),
    async recover() {
      await recoverContainers(context, live, {
        finish: (id, ending) => finish(life, id, ending),
        endInside: (id) => endInside(life, id),
        restarts,
        alone: mutex.run,
      });
      restarts.renew();
    },
    close: () => restarts.close(),
  };
}

function start(life: Life, id: string, checkpoint?: CheckpointReference): Promise<void> {
  const { context, live, restarts, alone } = life;
  return alone(id)
    .run(async () => {
      restarts.cancel(id);
      const record = context.store.find(id);
      const parent = parentOf(record);
      const work = () =>
        startContainer(context, live, {
          record,
          byPolicy: false,
          checkpoint,
          finish: (ending) => finish(life, id, ending),
        });
      // What it lies in does not end meanwhile.
      await (parent === undefined ? work() : alone(parent).run(work));
    })
    .catch((error: unknown) => {
      // One that goes with its end goes with a failure too.
      if (context.store.get(id) === undefined) void context.background.run(() => endInside(life, id));
      throw error;
    });
}

async function checkpoint(life: Life, reference: string, request: CheckpointRequest): Promise<void> {
  const { context, live, alone } = life;
  const record = context.store.find(reference);
  const waiting = new AbortController();
  const ended = waitForContainer(live, record, { condition: "next-exit", signal: waiting.signal });
  ended.catch(() => undefined);
  try {
    await alone(record.id).run(() => makeCheckpoint(context, context.store.find(record.id), request));
    if (!request.leaveRunning) await ended;
  } finally {
    waiting.abort();
  }
}

type Stop = { readonly options: StopOptions; readonly signal: AbortSignal };

async function stop(life: Life, reference: string, { options, signal }: Stop): Promise<void> {
  const { context, live } = life;
  const { id } = context.store.find(reference);
  if (await takeOver(life, id)) return publishStop(context, context.store.find(id));
  const record = context.store.find(id);
  await stopContainer(context, live, { record, options, letEnd: () => letEnd(life, id), signal });
}

async function restart(life: Life, reference: string, how: Stop): Promise<void> {
  const { context } = life;
  const record = context.store.find(reference);
  if (isRunning(record) || record.state.status === "restarting") {
    await keepOverEnd(context, record.id, () => stop(life, record.id, how));
  }
  await start(life, record.id);
  publishContainer(context, record, "restart");
}

async function kill(life: Life, reference: string, signalName = "SIGKILL"): Promise<void> {
  const { context, live } = life;
  const record = context.store.find(reference);
  if (isMeantToEnd(record, signalName) && (await takeOver(life, record.id))) return;
  requireRunning(context.store.find(record.id));
  await killContainer(context, live, { record, name: signalName, letEnd: () => letEnd(life, record.id) });
}

async function finish(life: Life, id: string, ending: Ending): Promise<void> {
  const { context, live, restarts, alone } = life;
  await alone(id).run(async () => {
    await finishContainer(context, live, id, ending);
    const record = context.store.get(id);
    if (record !== undefined) scheduleRestart(record, record.state, restarts);
  });
  if (childrenOf(context.store, id).length > 0) void context.background.run(() => endInside(life, id));
}

/** What lies in a container that has ended has lost its control group: it ends now, and goes with it. */
async function endInside(life: Life, id: string): Promise<void> {
  const { context, live } = life;
  const { store } = context;
  const status = store.get(id)?.state.status;
  const goes = status === undefined || status === "removing";
  for (const child of childrenOf(store, id)) {
    // Somebody may have started it again, after what it lies in.
    const isSameRun = isRunning(child) && store.get(child.id)?.state.pid === child.state.pid;
    try {
      if (goes) await removeContainer(life, child.id, { force: true, volumes: true });
      else if (isSameRun) await sendSignal(context, live, child, "SIGKILL");
    } catch (error) {
      // Somebody else has ended or removed it meanwhile.
      context.logger.log("info", "container.inside", { container: child.id, error: String(error) });
    }
  }
}
