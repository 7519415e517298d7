import { signalNumber } from "../../runtime/index.ts";
import type { EngineContext } from "../context.ts";
import type { LiveContainers } from "./live.ts";
import type { ContainerRecord } from "./record.ts";
import type { Restarts } from "./restarts.ts";
import { isRunning, stopSignal } from "./stop.ts";

/**
 * Takes a container out of the hands of its restart policy, because somebody ends it. Recorded before anything is sent,
 * so that an engine that takes over in between knows it too.
 *
 * @returns whether that was all there was to do: the container was waiting to be started again
 */
export function takeFromPolicy(
  { store }: EngineContext,
  live: LiveContainers,
  { id, restarts }: { id: string; restarts: Restarts },
): boolean {
  const record = store.get(id);
  if (record === undefined) return false;
  if (record.state.status === "restarting") {
    restarts.cancel(id);
    store.setState(id, { ...record.state, status: "exited", byHand: true, restartAt: undefined });
    const entry = live.get(id);
    const { exitCode, error } = record.state;
    for (const listener of entry.endListeners) listener({ exitCode, error: error || undefined });
    entry.endListeners.clear();
    return true;
  }
  // Its end is recorded durably before anybody is told that it was ended.
  if (isRunning(record)) store.setState(id, { ...record.state, byHand: true }, true);
  return false;
}

/** Ends a container that somebody starts again: it stays, also when it was made to be removed at its end. */
export async function keepOverEnd(
  { store }: EngineContext,
  id: string,
  end: () => Promise<void>,
): Promise<void> {
  store.setState(id, { ...store.find(id).state, startsAgain: true });
  try {
    await end();
  } catch (error) {
    const record = store.get(id);
    if (record !== undefined) store.setState(id, { ...record.state, startsAgain: false });
    throw error;
  }
}

/** Whether a signal is meant to end a container, as opposed to telling its program something. */
export function isMeantToEnd(record: ContainerRecord, signalName: string): boolean {
  const number = signalNumber(signalName);
  return number === signalNumber("SIGKILL") || number === signalNumber(stopSignal(record));
}
