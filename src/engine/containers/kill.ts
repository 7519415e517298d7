import { constants } from "node:os";
import { signalNumber } from "../../runtime/index.ts";
import type { EngineContext } from "../context.ts";
import { isMeantToEnd } from "./by-hand.ts";
import type { LiveContainers } from "./live.ts";
import type { ContainerRecord } from "./record.ts";
import { endsWithin, sendSignal } from "./stop.ts";
import { waitForContainer } from "./wait.ts";

/** How long the end of a killed container is waited for, in milliseconds: the kernel may be busy for its processes. */
const PATIENCE = 10_000;

export type Kill = {
  readonly record: ContainerRecord;
  /** Of the signal. */
  readonly name: string;
  /** Lets a paused container go on, now that a signal waits for it. */
  readonly letEnd: () => Promise<void>;
};

/** Sends a signal to a container. What SIGKILL ends has ended when this resolves: clients look right after that. */
export async function killContainer(
  context: EngineContext,
  live: LiveContainers,
  { record, name, letEnd }: Kill,
): Promise<void> {
  const left = new AbortController();
  const ended = waitForContainer(live, record, { condition: "next-exit", signal: left.signal });
  ended.catch(() => undefined);
  try {
    await sendSignal(context, live, record, name);
    if (isMeantToEnd(record, name)) await letEnd();
    if (signalNumber(name) === constants.signals.SIGKILL) await endsWithin(ended, PATIENCE);
  } finally {
    left.abort();
  }
}
