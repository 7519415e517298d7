import { TugError } from "../../base/index.ts";
import { signalNumber } from "../../runtime/index.ts";
import type { EngineContext } from "../context.ts";
import { engineError } from "../errors.ts";
import { workOfHandler } from "../runtimes/work.ts";
import { publishContainer } from "./events.ts";
import type { LiveContainers } from "./live.ts";
import type { ContainerRecord } from "./record.ts";
import { isSilent, signalWithoutMonitor } from "./silent-monitor.ts";
import { waitForContainer } from "./wait.ts";

/** Seconds that a container may take to end by itself, unless it was created with another number. */
const PATIENCE = 10;

export type StopOptions = {
  readonly signalName?: string | undefined;
  /** -1 waits for ever. */
  readonly timeoutSeconds?: number | undefined;
};

export type Stop = {
  readonly record: ContainerRecord;
  readonly options: StopOptions;
  /** Lets a paused container go on, now that a signal waits for it. */
  readonly letEnd: () => Promise<void>;
  readonly signal: AbortSignal;
};

/** Sends the container's stop signal, and SIGKILL when it has not ended in time. Resolves when it has ended. */
export async function stopContainer(
  context: EngineContext,
  live: LiveContainers,
  { record, options, letEnd, signal }: Stop,
): Promise<void> {
  if (!isRunning(record)) throw engineError("CONTAINER_STATE", `container ${record.name} is not running`);
  const name = options.signalName ?? stopSignal(record);
  const seconds = options.timeoutSeconds ?? record.request.stopTimeoutSeconds ?? PATIENCE;
  const ended = waitForContainer(live, record, { condition: "next-exit", signal });
  ended.catch(() => undefined);
  await sendSignal(context, live, record, name);
  await letEnd();
  if (seconds >= 0 && !(await endsWithin(ended, seconds * 1000))) {
    await sendSignal(context, live, record, "SIGKILL");
    await letEnd();
  }
  await ended;
  publishStop(context, record);
}

/** Says that somebody has stopped a container. */
export function publishStop(context: EngineContext, record: ContainerRecord): void {
  publishContainer(context, record, "stop");
}

/** Sends a signal to init; one that has just ended is no error. */
export async function sendSignal(
  context: EngineContext,
  live: LiveContainers,
  record: ContainerRecord,
  name: string,
): Promise<void> {
  const number = signalNumber(name);
  try {
    if (!(await isSignalled(context, record, number))) await askMonitor(context, live, { record, number });
  } catch (error) {
    const isGone =
      error instanceof TugError && (error.details.errno === "ESRCH" || error.code === "HELPER_MONITOR_LOST");
    if (!isGone) throw error;
  }
  publishContainer(context, record, "kill", { signal: String(number) });
}

async function askMonitor(
  context: EngineContext,
  live: LiveContainers,
  { record, number }: { record: ContainerRecord; number: number },
): Promise<void> {
  try {
    await live.get(record.id).control?.signal(number);
  } catch (error) {
    if (!isSilent(error)) throw error;
    await signalWithoutMonitor(context, context.store.get(record.id) ?? record, number);
  }
}

/** Whether the container's runtime has sent a signal. What it cannot signal, such as what has just ended, the monitor can. */
async function isSignalled(
  context: EngineContext,
  record: ContainerRecord,
  signal: number,
): Promise<boolean> {
  try {
    return await workOfHandler(context, record, { command: "kill", signal });
  } catch (error) {
    context.logger.log("info", "container.runtime.kill", { container: record.id, error: String(error) });
    return false;
  }
}

/** The signal that asks a container's program to end. */
export function stopSignal({ request, image }: ContainerRecord): string {
  return request.stopSignal ?? image.stopSignal ?? "SIGTERM";
}

/** Whether the container's program has been started and has not ended. */
export function isRunning({ state }: ContainerRecord): boolean {
  return state.status === "running" || state.status === "paused";
}

/** Whether a wait is over before so many milliseconds have passed. */
export async function endsWithin(ended: Promise<unknown>, milliseconds: number): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<false>((resolve) => {
    timer = setTimeout(() => resolve(false), milliseconds);
  });
  try {
    return await Promise.race([ended.then(() => true as const), late]);
  } finally {
    clearTimeout(timer);
  }
}

/** @throws ENGINE_CONTAINER_NOT_RUNNING */
export function requireRunning(record: ContainerRecord): void {
  if (isRunning(record)) return;
  throw engineError("CONTAINER_NOT_RUNNING", `container ${record.name} is not running`, {
    hint: `start it with: tug start ${record.name}`,
  });
}
