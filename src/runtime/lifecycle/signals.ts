import { constants } from "node:os";
import { lifecycleError } from "../errors.ts";

/** Real-time signals run from SIGRTMIN to SIGRTMAX as glibc numbers them. Source: signal(7) */
const RTMIN = 34;
const RTMAX = 64;

/** The number of a signal written as `9`, `KILL`, `SIGKILL`, `kill` or `RTMIN+3`. */
export function signalNumber(text: string): number {
  if (/^\d{1,2}$/.test(text) && Number(text) <= RTMAX) return Number(text);
  const name = text.toUpperCase().replace(/^SIG/, "");
  const known = (constants.signals as Record<string, number>)[`SIG${name}`];
  if (known !== undefined) return known;
  const realTime = /^RT(MIN|MAX)(?:([+-])(\d{1,2}))?$/.exec(name);
  if (realTime !== null) {
    const [, base, sign, distance = "0"] = realTime;
    const number = (base === "MIN" ? RTMIN : RTMAX) + (sign === "-" ? -1 : 1) * Number(distance);
    if (number >= RTMIN && number <= RTMAX) return number;
  }
  throw lifecycleError("SIGNAL", `unknown signal ${JSON.stringify(text)}`, {
    hint: "give a number or a name of signal(7), with or without SIG",
  });
}
