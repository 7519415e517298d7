import { access, readFile } from "node:fs/promises";
import { parseProcessStat } from "../../host/index.ts";
import type { ContainerStatus, State } from "../../specs/oci-runtime/index.ts";
import type { Existing } from "../planner/lifecycle.ts";
import { stateFiles } from "../planner/state.ts";

/**
 * Where a container is in its life. Nothing stores this: init lives or not, and the start FIFO is there until start
 * has removed it.
 */
export async function statusOf(existing: Existing, bootId: string): Promise<ContainerStatus> {
  const { state, stateDir } = existing;
  if (state.pid === 0) return state.bootId === bootId ? "creating" : "stopped";
  if (!(await isAlive(existing, bootId))) return "stopped";
  const waiting = await access(`${stateDir}/${stateFiles.start}`).then(
    () => true,
    () => false,
  );
  return waiting ? "created" : "running";
}

/** Whether the process on record is still this container's init: same boot, same start time, not a zombie. */
export async function isAlive({ state }: Existing, bootId: string): Promise<boolean> {
  if (state.pid === 0 || state.bootId !== bootId) return false;
  const text = await readFile(`/proc/${state.pid}/stat`, "utf8").catch(() => undefined);
  if (text === undefined) return false;
  const { startTime, state: letter } = parseProcessStat(text);
  return startTime === BigInt(state.startTime) && letter !== "Z" && letter !== "X";
}

/** The state as the runtime specification defines it. */
export async function ociState(existing: Existing, bootId: string): Promise<State> {
  const { state } = existing;
  const status = await statusOf(existing, bootId);
  return {
    ociVersion: state.ociVersion,
    id: state.id,
    status,
    pid: status === "stopped" ? 0 : state.pid,
    bundle: state.bundle,
    ...(state.annotations && { annotations: state.annotations }),
  };
}
