import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import type { Activity } from "./activity.ts";

/** After so long without a request memory is given back, in milliseconds. */
const REST = 2500;

/** What a command has left behind is collected after so long without another one, in milliseconds. */
const PAUSE = 30;

/**
 * Gives back memory that the work of before needed, once after each time of work: V8 alone keeps it for work to come.
 *
 * What a command leaves behind is collected soon after it, when nobody waits, and not in the middle of the next one.
 *
 * @returns ends it
 */
export function giveBackAtRest(activity: Activity): () => void {
  setFlagsFromString("--expose-gc");
  const collect = runInNewContext("gc") as (options: object) => void;
  let seen = 0;
  let givenBack = 0;
  const timer = setInterval(() => {
    const rests = activity.begun === seen && activity.commands === 0;
    seen = activity.begun;
    if (!rests || seen === givenBack) return;
    givenBack = seen;
    collect({ type: "major", flavor: "last-resort" });
  }, REST).unref();
  let soon: NodeJS.Timeout | undefined;
  const tidyUp = (): void => {
    soon = undefined;
    if (activity.commands === 0) collect({ type: "minor" });
  };
  const endTidying = activity.onIdle(() => {
    soon ??= setTimeout(tidyUp, PAUSE).unref();
  });
  return () => {
    endTidying();
    clearTimeout(soon);
    clearInterval(timer);
  };
}
