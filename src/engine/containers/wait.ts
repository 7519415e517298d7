import type { ContainerEnd, LiveContainers } from "./live.ts";
import type { ContainerRecord } from "./record.ts";

/** When a wait is over. `next-exit` and `not-running` differ for a container that does not run now. */
export type WaitCondition = "not-running" | "next-exit" | "removed";

/**
 * Registers a waiter; from the return on no end can be missed. The promise is resolved when the condition holds and
 * rejected when the signal aborts.
 */
export function waitForContainer(
  live: LiveContainers,
  record: ContainerRecord,
  { condition, signal }: { condition: WaitCondition; signal: AbortSignal },
): Promise<ContainerEnd> {
  const { status, exitCode, error } = record.state;
  const entry = live.get(record.id);
  const stopped = !["running", "paused", "starting", "restarting"].includes(status);
  if (condition === "not-running" && stopped) return Promise.resolve({ exitCode, error: error || undefined });
  return new Promise((resolve, reject) => {
    const done = (end: ContainerEnd): void => {
      release();
      resolve(end);
    };
    const removed = (): void => done(entry.lastEnd ?? { exitCode, error: error || undefined });
    const ended = (end: ContainerEnd): void => {
      if (condition !== "removed") done(end);
    };
    const aborted = (): void => {
      release();
      reject(signal.reason);
    };
    const release = (): void => {
      entry.endListeners.delete(ended);
      entry.removalListeners.delete(removed);
      signal.removeEventListener("abort", aborted);
    };
    entry.endListeners.add(ended);
    entry.removalListeners.add(removed);
    signal.addEventListener("abort", aborted, { once: true });
  });
}
