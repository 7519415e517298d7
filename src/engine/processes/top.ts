import { checkPsOptions, type ProcessList, processList } from "../../host/index.ts";
import { containerPids, loadExisting } from "../../runtime/index.ts";
import type { ContainerRecord } from "../containers/record.ts";
import { isRunning } from "../containers/stop.ts";
import type { EngineContext } from "../context.ts";
import { engineError } from "../errors.ts";
import { requireNoSandbox } from "../runtimes/work.ts";

export type { ProcessList };

/**
 * The processes of a container as ps shows them, with the host's numbers and names.
 *
 * @param options of ps
 * @throws ENGINE_CONTAINER_NOT_RUNNING, HOST_PS_OPTION
 */
export async function listProcesses(
  { layout }: EngineContext,
  record: ContainerRecord,
  options: readonly string[],
): Promise<ProcessList> {
  checkPsOptions(options);
  if (!isRunning(record)) {
    const { name, state } = record;
    const what = state.status === "restarting" ? "it is restarting" : "it is not running";
    throw engineError("CONTAINER_NOT_RUNNING", `cannot list the processes of container ${name}: ${what}`);
  }
  requireNoSandbox({ layout }, record, "list the processes of container");
  const { state } = await loadExisting(layout.containerRun(record.id), "state");
  return processList(await containerPids(state), options);
}
