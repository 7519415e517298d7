import { setImmediate as afterOthers } from "node:timers/promises";
import type { Activity } from "./activity.ts";

/** A process that has had nothing to do for so long is at rest, in milliseconds. */
const REST = 250;

/** After so many rounds most of what a run takes is compiled, and a round takes no less time than the one before. */
const ROUNDS = 40;

export type WarmUpOptions = {
  /** A command that makes nothing, and takes the way of those that people give; its exit code. */
  readonly rehearse: () => Promise<number>;
  readonly rest?: number;
  readonly rounds?: number;
};

/**
 * Rehearses a command while the process rests, so that the first ones that people give need not wait for code that runs for
 * the first time: the first run takes a third of the instructions then. Whoever comes waits for one round at most, and one that fails is the last.
 *
 * @returns ends it
 */
export function warmUpAtRest(
  activity: Activity,
  { rehearse, rest = REST, rounds = ROUNDS }: WarmUpOptions,
): () => void {
  let seen = -1;
  let left = rounds;
  let under = false;
  const rests = (): boolean => activity.begun === seen && activity.commands === 0;
  const round = async (): Promise<void> => {
    left -= 1;
    if ((await rehearse().catch(() => 1)) !== 0) left = 0;
    await afterOthers();
  };
  const timer = setInterval(async () => {
    if (under) return;
    under = true;
    if (!rests()) seen = activity.begun;
    else while (left > 0 && rests()) await round();
    under = false;
    if (left === 0) clearInterval(timer);
  }, rest).unref();
  return () => {
    left = 0;
    clearInterval(timer);
  };
}
