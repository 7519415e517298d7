import { loadExisting, planFreeze } from "../../runtime/index.ts";
import type { EngineContext } from "../context.ts";
import { engineError } from "../errors.ts";
import { handlerOf, workOfHandler } from "../runtimes/work.ts";
import { publishContainer } from "./events.ts";
import type { ContainerRecord } from "./record.ts";

/**
 * Freezes all processes of a container. It is on record as paused before it is: whichever engine comes next then knows
 * that it may have to be let go on, which a container that runs does not mind.
 *
 * @throws ENGINE_CONTAINER_NOT_RUNNING, ENGINE_CONTAINER_PAUSED, RUNTIME_* when its processes cannot be frozen in time
 */
export async function pauseContainer(context: EngineContext, record: ContainerRecord): Promise<void> {
  const { id, state } = record;
  requirePausable(record);
  context.store.setState(id, { ...state, status: "paused" });
  try {
    await setFrozen(context, id, true);
  } catch (error) {
    context.store.setState(id, state);
    throw error;
  }
  publishContainer(context, record, "pause");
}

/** Lets a paused container go on. @throws ENGINE_CONTAINER_NOT_PAUSED */
export async function unpauseContainer(context: EngineContext, record: ContainerRecord): Promise<void> {
  const { id, name, state } = record;
  if (state.status !== "paused") {
    throw engineError("CONTAINER_NOT_PAUSED", `cannot unpause container ${name}: it is not paused`);
  }
  await setFrozen(context, id, false);
  context.store.setState(id, { ...state, status: "running" });
  publishContainer(context, record, "unpause");
}

/** Does something while nothing happens in a container that runs; it goes on after that, with this engine or the next. */
export async function whileFrozen<T>(
  context: EngineContext,
  { id, state }: ContainerRecord,
  work: () => Promise<T>,
): Promise<T> {
  if (state.status === "paused") return work();
  context.store.setState(id, { ...state, held: true });
  try {
    await setFrozen(context, id, true);
    return await work();
  } finally {
    await letGoOn(context, id);
  }
}

/** Lets a container go on that was frozen for a moment. */
export async function letGoOn(context: EngineContext, id: string): Promise<void> {
  await setFrozen(context, id, false);
  context.store.setState(id, { ...context.store.find(id).state, held: false });
}

async function setFrozen(context: EngineContext, id: string, frozen: boolean): Promise<void> {
  const { layout, helper, store } = context;
  if (await isFrozenByHandler(context, store.find(id), frozen)) return;
  await helper.execute(planFreeze(await loadExisting(layout.containerRun(id), "state"), frozen));
}

/**
 * Whether the container's runtime has done it. One that has let a container go on to kill it says that it is not paused: to
 * thaw what is not frozen does no harm.
 */
async function isFrozenByHandler(
  context: EngineContext,
  record: ContainerRecord,
  frozen: boolean,
): Promise<boolean> {
  try {
    return await workOfHandler(context, record, { command: frozen ? "pause" : "resume" });
  } catch (error) {
    if (frozen || handlerOf(context, record)?.sandbox === true) throw error;
    context.logger.log("info", "container.runtime.resume", { container: record.id, error: String(error) });
    return false;
  }
}

function requirePausable({ name, state }: ContainerRecord): void {
  if (state.status === "running") return;
  if (state.status === "paused") {
    throw engineError("CONTAINER_PAUSED", `cannot pause container ${name}: it is already paused`);
  }
  const restarting = state.status === "restarting";
  throw engineError(
    "CONTAINER_NOT_RUNNING",
    `cannot pause container ${name}: it is ${restarting ? "restarting" : "not running"}`,
    { hint: restarting ? "wait until it runs" : `start it with: tug start ${name}` },
  );
}
