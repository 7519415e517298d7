import { type ProcessFacts, readMachine, readProcess } from "./process-facts.ts";
import { columnsOfPs } from "./ps-options.ts";

/** A list of processes: a title per column, and a row per process. */
export type ProcessList = {
  readonly titles: readonly string[];
  readonly processes: readonly (readonly string[])[];
};

/** So many processes are looked at at a time. */
const PARALLEL = 64;

/**
 * Processes as ps shows them, with the host's numbers and names. One that has ended meanwhile is left out.
 *
 * @param options of ps
 * @throws HOST_PS_OPTION
 */
export async function processList(pids: readonly number[], options: readonly string[]): Promise<ProcessList> {
  const columns = columnsOfPs(options);
  const machine = await readMachine();
  const found: ProcessFacts[] = [];
  for (let at = 0; at < pids.length; at += PARALLEL) {
    const batch = await Promise.all(pids.slice(at, at + PARALLEL).map(readProcess));
    found.push(...batch.filter((process) => process !== undefined));
  }
  return {
    titles: columns.map(({ title }) => title),
    processes: found.map((process) => columns.map(({ value }) => value(process, machine))),
  };
}
