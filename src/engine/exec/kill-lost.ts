import { TugError } from "../../base/index.ts";
import type { InitProcess } from "../../helper/index.ts";
import type { Plan, Slot } from "../../plan/index.ts";
import type { EngineContext } from "../context.ts";

/** How long a killed process may take to end, and then to be reaped, in milliseconds. */
const PATIENCE = 2000;

/**
 * Ends a program whose monitor was lost: its streams lead nowhere.
 *
 * @returns its wait status, where that is known
 */
export async function killLost(
  { helper, witness, logger }: EngineContext,
  process: InitProcess,
  id: string,
): Promise<number | undefined> {
  try {
    await helper.execute(killPlan(process));
  } catch (error) {
    const isGone = error instanceof TugError && error.details.errno === "ESRCH";
    if (!isGone) logger.log("warn", "exec.lost", { exec: id, error: String(error) });
  }
  return witness.statusOf(process, PATIENCE);
}

function killPlan({ pid, startTime }: InitProcess): Plan {
  const [process, from] = [0 as Slot, "exec"];
  return {
    host: [
      { op: "openProcess", from, pid, startTime, out: process },
      { op: "signal", from, process, signal: 9, ignore: ["ESRCH"] },
      { op: "awaitDeath", from, process, timeout: PATIENCE },
    ],
    stage: [],
    init: [],
  };
}
