import { readdirSync, readFileSync, readlinkSync, realpathSync } from "node:fs";
import { constants } from "node:os";
import { TugError } from "../../base/index.ts";
import type { InitProcess } from "../../helper/index.ts";
import { parseProcessStat } from "../../host/index.ts";
import type { Op, Slot } from "../../plan/index.ts";
import type { EngineContext } from "../context.ts";
import { initOf } from "./end.ts";
import type { ContainerRecord } from "./record.ts";

const { SIGKILL } = constants.signals;

/**
 * Sends a signal to a container whose monitor does not answer: it was stopped, or waits for a disk that hangs. What kills
 * the container ends the monitor, too, which would not tell of the end.
 */
export async function signalWithoutMonitor(
  { helper, layout, logger }: EngineContext,
  { id, state }: ContainerRecord,
  signal: number,
): Promise<void> {
  const init = initOf(state);
  const monitor = signal === SIGKILL ? monitorOf(init, layout.containerRun(id)) : undefined;
  logger.log("warn", "monitor.silent", { container: id, monitor: monitor?.pid, signal });
  const host = signalOps(init, signal, 0);
  if (monitor !== undefined) host.push(...signalOps(monitor, SIGKILL, 1));
  await helper.execute({ host, stage: [], init: [] });
}

/** Whether a request to a monitor failed because it gave no answer. */
export function isSilent(error: unknown): boolean {
  return error instanceof TugError && error.code === "HELPER_MONITOR_SILENT";
}

function signalOps({ pid, startTime }: InitProcess, signal: number, slot: number): Op[] {
  const [process, from] = [slot as Slot, "kill"];
  return [
    { op: "openProcess", from, pid, startTime, out: process },
    { op: "signal", from, process, signal, ignore: ["ESRCH"] },
  ];
}

/** The parent of a container's first process, if it is the monitor, which has the container's directory open. */
function monitorOf({ pid, startTime }: InitProcess, directory: string): InitProcess | undefined {
  const own = statOf(pid);
  const parent = own?.startTime === startTime ? statOf(own.parentPid) : undefined;
  // Whoever takes over the processes of a monitor that is gone must not be hit.
  if (parent === undefined || !hasOpen(parent.pid, directory)) return undefined;
  return { pid: parent.pid, startTime: parent.startTime };
}

function hasOpen(pid: number, directory: string): boolean {
  if (pid === process.pid) return false;
  try {
    const path = realpathSync(directory);
    const files = `/proc/${pid}/fd`;
    return readdirSync(files).some((name) => readlinkSync(`${files}/${name}`) === path);
  } catch {
    return false;
  }
}

function statOf(pid: number) {
  try {
    return parseProcessStat(readFileSync(`/proc/${pid}/stat`, "utf8"));
  } catch {
    return undefined;
  }
}
