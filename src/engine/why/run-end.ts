import { messageOf } from "../../base/index.ts";
import type { ExitRecord } from "../../helper/index.ts";
import type { End } from "../containers/end.ts";
import type { ContainerRecord } from "../containers/record.ts";
import type { EngineContext } from "../context.ts";
import { mergeHealthcheck } from "../health/check.ts";
import type { EndCause, RunEnd } from "../model/why-view.ts";
import { readTraces } from "./traces.ts";

/** How a run has ended, and what its monitor has left of it. */
export type EndedRun = { readonly end: End; readonly exit: ExitRecord | undefined };

/**
 * Why a run has ended, and after a bad end what the kernel knows about it; its control groups must still be there. Nothing
 * but the end itself is looked at when it was a good one.
 */
export async function describeRunEnd(
  context: EngineContext,
  record: ContainerRecord,
  { end, exit }: EndedRun,
): Promise<RunEnd> {
  const { exitCode, error, finishedAt } = end;
  const signal = (exit?.waitStatus ?? 0) & 0x7f || undefined;
  const oomKills = exit?.oomKills ?? 0;
  const isUnhealthy = endedAsUnhealthy(context, record);
  const told: RunEnd = {
    cause: causeOf({ record, end, signal, oomKills, isUnhealthy }),
    at: finishedAt,
    startedAt: record.state.startedAt,
    exitCode,
    signal,
    error,
  };
  if ((exitCode === 0 && oomKills === 0) || exit === undefined) return told;
  try {
    return { ...told, ...(await readTraces(context, record, oomKills)) };
  } catch (thrown) {
    // The end itself must be recorded, whatever the kernel's files are like.
    context.logger.log("warn", "container.why", { container: record.id, reason: messageOf(thrown) });
    return told;
  }
}

/** Whether such an end is one that later runs are compared with. */
export function isGood({ cause, oom }: RunEnd): boolean {
  return (cause === "finished" || cause === "stopped") && oom === undefined;
}

type Circumstances = {
  readonly record: ContainerRecord;
  readonly end: End;
  readonly signal: number | undefined;
  readonly oomKills: number;
  readonly isUnhealthy: boolean;
};

const SIGKILL = 9;

function causeOf({ record, end, signal, oomKills, isUnhealthy }: Circumstances): EndCause {
  if (end.atShutdown) return "machine-down";
  if (end.error !== "") return "monitor-lost";
  // A shell whose child was killed says so with its own exit code.
  if (oomKills > 0 && (signal === SIGKILL || end.exitCode === 128 + SIGKILL)) return "oom";
  if (isUnhealthy) return "unhealthy";
  if (record.state.byHand) return "stopped";
  if (signal !== undefined) return "signal";
  return end.exitCode === 0 ? "finished" : "exited";
}

/** Whether it was ended because of its health. */
function endedAsUnhealthy({ health }: EngineContext, { id, request, image }: ContainerRecord): boolean {
  const { onUnhealthy = "none" } = mergeHealthcheck(request.healthcheck, image.defaults) ?? {};
  return onUnhealthy !== "none" && health.get(id)?.status === "unhealthy";
}
