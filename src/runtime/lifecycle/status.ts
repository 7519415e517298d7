import { existsSync, readFileSync } from "node:fs";
import { parseProcessStat } from "../../host/index.ts";
import type { ContainerStatus, State } from "../../specs/oci-runtime/index.ts";
import type { Existing } from "../planner/lifecycle.ts";
import { stateFiles } from "../planner/state.ts";

/**
 * Where a container is in its life. Nothing stores this: init lives or not, and the start FIFO is there until start
 * has removed it.
 */
export function statusOf(existing: Existing, bootId: string): ContainerStatus {
  const { state, stateDir } = existing;
  if (state.pid === 0) return state.bootId === bootId ? "creating" : "stopped";
  if (!isAlive(existing, bootId)) return "stopped";
  return existsSync(`${stateDir}/${stateFiles.start}`) ? "created" : "running";
}

/** Whether the process on record is still this container's init: same boot, same start time, not a zombie. */
export function isAlive({ state }: Existing, bootId: string): boolean {
  if (state.pid === 0 || state.bootId !== bootId) return false;
  const text = processStat(state.pid);
  if (text === undefined) return false;
  const { startTime, state: letter } = parseProcessStat(text);
  return startTime === BigInt(state.startTime) && letter !== "Z" && letter !== "X";
}

/** The state as the runtime specification defines it. */
export function ociState(existing: Existing, bootId: string): State {
  const { state } = existing;
  const status = statusOf(existing, bootId);
  return {
    ociVersion: state.ociVersion,
    id: state.id,
    status,
    pid: status === "stopped" ? 0 : state.pid,
    bundle: state.bundle,
    ...(state.annotations && { annotations: state.annotations }),
  };
}

/** The kernel answers from memory: a detour over other threads would take several times as long. */
function processStat(pid: number): string | undefined {
  try {
    return readFileSync(`/proc/${pid}/stat`, "utf8");
  } catch {
    return undefined;
  }
}
