import { removeTree, TugError } from "../../base/index.ts";
import { connectAhead, connectMonitor, type ProcessMaker, startMonitor } from "../../helper/index.ts";
import { explainRestore, loadExisting, removeContainer } from "../../runtime/index.ts";
import { findResumption } from "../checkpoints/resume.ts";
import type { EngineContext } from "../context.ts";
import { engineError } from "../errors.ts";
import type { CheckpointReference } from "../model/checkpoint.ts";
import { disconnectContainer } from "../networks/disconnect.ts";
import { deleteByHandler } from "../runtimes/work.ts";
import { withOrigin } from "../spec/origins.ts";
import { initOf } from "./end.ts";
import { publishContainerOnce } from "./events.ts";
import type { LiveContainers } from "./live.ts";
import { requireParent } from "./parent.ts";
import type { PreparedRun } from "./prepare-run.ts";
import { isConnected, prepareStart } from "./prepare-start.ts";
import type { ContainerRecord, RecordedState } from "./record.ts";
import { removeRecord } from "./remove.ts";
import { startFailure } from "./start-failure.ts";
import { type Ending, watchContainer } from "./watch.ts";

export type Start = {
  readonly record: ContainerRecord;
  /** Its restart policy starts it, not somebody. */
  readonly byPolicy: boolean;
  /** The checkpoint that it goes on from instead of running its program. */
  readonly checkpoint?: CheckpointReference | undefined;
  /** Called when it has ended. */
  readonly finish: (ending: Ending) => Promise<void>;
};

/**
 * Starts a container: monitor, plan, program. Resolves when the program has been executed, or goes on.
 *
 * @throws ENGINE_CONTAINER_STATE when it runs already; ENGINE_CHECKPOINT_*, CONTAINER_CHECKPOINT; ENGINE_CONTAINER_START with `exitCode` 126 or 127 when the
 *   program cannot be executed; what failed before leaves nothing behind
 */
export async function startContainer(
  context: EngineContext,
  live: LiveContainers,
  { record, byPolicy, checkpoint, finish }: Start,
): Promise<void> {
  const { id } = record;
  if (record.state.status === "paused") {
    throw engineError("CONTAINER_PAUSED", `cannot start container ${record.name}: it is paused`, {
      hint: `let it go on with: tug unpause ${record.name}`,
    });
  }
  if (!["created", "exited", "restarting"].includes(record.state.status)) {
    throw engineError("CONTAINER_STATE", `container ${record.name} is ${record.state.status} already`);
  }
  requireParent(context.store, record);
  const resumption = checkpoint && (await findResumption(context, record, checkpoint));
  const facts = await context.readFacts();
  const starting: RecordedState = {
    ...record.state,
    status: "starting",
    bootId: facts.bootId,
    error: "",
    oomKilled: false,
    byHand: false,
    startsAgain: false,
    restartAt: undefined,
    ...(byPolicy ? { restartCount: record.state.restartCount + 1 } : { restartCount: 0, restartPause: 0 }),
  };
  await live.get(id).settled;
  context.store.setState(id, starting, true);
  try {
    using monitor = connectAhead(context.spawner, "monitor");
    using networker = isConnected(record) ? connectAhead(context.spawner, "run") : undefined;
    const { prepared, connected } = await prepareStart(context, record, { facts, resumption, networker });
    try {
      await makeAndStart(context, live, { record, starting, prepared, connected, monitor, finish });
    } catch (error) {
      // It is not undone before it is done.
      await connected.catch(() => undefined);
      const explained = resumption === undefined ? error : await explainRestore(error, resumption.settings);
      throw withOrigin(explained, prepared.origins);
    }
  } catch (error) {
    const failure = startFailure(error, record);
    await abandon(context, live, id);
    const exitCode = Number(failure.details.exitCode ?? 128);
    const status = record.state.status === "created" ? "created" : "exited";
    context.store.setState(id, {
      ...record.state,
      status,
      exitCode,
      error: failure.message,
      end: { cause: "not-started", at: new Date().toISOString(), exitCode, error: failure.message },
      restartCount: starting.restartCount,
      restartAt: undefined,
    });
    if (record.request.autoRemove) {
      live.get(id).lastEnd = { exitCode, error: failure.message };
      await removeRecord(context, live, record, true);
    }
    throw failure;
  }
}

type Run = {
  record: ContainerRecord;
  starting: RecordedState;
  prepared: PreparedRun;
  /** Until this has resolved there is no network. */
  connected: Promise<void>;
  /** Makes the process of the monitor. */
  monitor: ProcessMaker;
  finish: (ending: Ending) => Promise<void>;
};

/**
 * Makes the container and lets its program go, in one plan. Everybody who wants to hear the first byte is connected
 * before the monitor gets it; that the container runs is on record as soon as it has a process.
 */
async function makeAndStart(
  context: EngineContext,
  live: LiveContainers,
  { record, starting, prepared, connected, monitor, finish }: Run,
): Promise<void> {
  const { id, request } = record;
  const directory = context.layout.containerRun(id);
  const entry = live.get(id);
  const begun = Promise.withResolvers<void>();
  let running = starting;
  await startMonitor(monitor, prepared.monitor, prepared.plan, {
    async onReady() {
      entry.control = await connectMonitor(directory);
      const clients = [...entry.waitingClients];
      entry.waitingClients.clear();
      const watched = watchContainer(context, entry, id, async (ending) => {
        await begun.promise;
        await finish(ending);
      });
      await Promise.all([connected, watched, ...clients.map((connect) => connect(directory))]);
    },
    onCreated({ digest, init }) {
      running = {
        ...starting,
        status: "running",
        pid: init.pid,
        startTime: init.startTime.toString(),
        exitCode: 0,
        startedAt: new Date().toISOString(),
        planDigest: digest,
      };
      // After a power loss it matters to a restart policy alone.
      context.store.setState(id, running, request.restart.policy === "no");
    },
  });
  publishStart(context, record, running);
  context.witness.watch(initOf(running));
  begun.resolve();
}

/** Says that a container has begun; once for each time. */
export function publishStart(
  context: EngineContext,
  record: ContainerRecord,
  { startedAt }: RecordedState,
): void {
  publishContainerOnce(context, record, { action: "start", since: startedAt ?? record.createdAt });
}

/** Undoes a start that failed: the processes, the groups, the run directory. */
export async function abandon(context: EngineContext, live: LiveContainers, id: string): Promise<void> {
  const run = context.layout.containerRun(id);
  const entry = live.get(id);
  entry.control?.[Symbol.dispose]();
  entry.control = undefined;
  try {
    const runtime = {
      root: run,
      helper: context.helper,
      facts: await context.readFacts(),
      logger: context.logger,
      owner: 0,
    };
    await deleteByHandler(context, context.store.find(id));
    await removeContainer(runtime, await loadExisting(run, "state"), true);
  } catch (error) {
    if (!(error instanceof TugError && error.kind === "notFound")) {
      context.logger.log("warn", "container.abandon", { container: id, error: String(error) });
    }
  }
  await removeTree(run);
  disconnectContainer(context, id);
}
