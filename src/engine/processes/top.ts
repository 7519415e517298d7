import { loadExisting } from "../../runtime/index.ts";
import type { ContainerRecord } from "../containers/record.ts";
import { isRunning } from "../containers/stop.ts";
import type { EngineContext } from "../context.ts";
import { engineError } from "../errors.ts";
import { containerPids } from "./group-pids.ts";
import { type ProcessFacts, readMachine, readProcess } from "./process-facts.ts";
import { columnsOfPs } from "./ps-options.ts";

/** A list of processes: a title per column, and a row per process by its number. */
export type ProcessList = {
  readonly titles: readonly string[];
  readonly processes: readonly (readonly string[])[];
};

/** So many processes are looked at at a time. */
const PARALLEL = 64;

/**
 * The processes of a container as ps shows them, with the host's numbers and names.
 *
 * @param options of ps
 * @throws ENGINE_CONTAINER_NOT_RUNNING, ENGINE_PS_OPTION
 */
export async function listProcesses(
  { layout }: EngineContext,
  record: ContainerRecord,
  options: readonly string[],
): Promise<ProcessList> {
  const columns = columnsOfPs(options);
  if (!isRunning(record)) {
    const { name, state } = record;
    const what = state.status === "restarting" ? "it is restarting" : "it is not running";
    throw engineError("CONTAINER_NOT_RUNNING", `cannot list the processes of container ${name}: ${what}`);
  }
  const { state } = await loadExisting(layout.containerRun(record.id), "state");
  const [machine, pids] = await Promise.all([readMachine(), containerPids(state)]);
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
