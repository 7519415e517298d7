import { type ExitRecord, exitCodeOf } from "../../helper/index.ts";
import type { EngineContext } from "../context.ts";
import type { ContainerRecord, RecordedState } from "./record.ts";

/** How a container has ended. */
export type End = {
  readonly exitCode: number;
  /** A sentence where it was not by itself. */
  readonly error: string;
  readonly oomKilled: boolean;
  /** RFC 3339. */
  readonly finishedAt: string;
  /** The machine went down with it. */
  readonly atShutdown: boolean;
};

/** The exit code where nobody knows the real one. */
const UNKNOWN = 255;

/** How long the kernel may take to have a process reaped that has ended, in milliseconds. */
const PATIENCE = 2000;

/**
 * How a container has ended whose processes are gone.
 *
 * @param exit what its monitor has left; undefined where it was lost
 * @param bootId of this boot
 */
export async function describeEnd(
  { witness }: EngineContext,
  { state }: ContainerRecord,
  { exit, bootId }: { exit: ExitRecord | undefined; bootId: string },
): Promise<End> {
  if (exit !== undefined) {
    return {
      exitCode: exitCodeOf(exit) ?? UNKNOWN,
      error: "",
      oomKilled: exit.oomKills > 0,
      finishedAt: timestamp(exit.finishedAt),
      atShutdown: false,
    };
  }
  const unseen = { oomKilled: false, finishedAt: new Date().toISOString() };
  if (state.bootId !== bootId) {
    return { ...unseen, exitCode: UNKNOWN, error: "the machine went down while it ran", atShutdown: true };
  }
  const waitStatus = await witness.statusOf(initOf(state), PATIENCE);
  return {
    ...unseen,
    exitCode: exitCodeOf({ waitStatus }) ?? UNKNOWN,
    error:
      "monitor lost: the process that kept the container's output was killed, and so the container was ended",
    atShutdown: false,
  };
}

/** The first process of the container's last run. */
export function initOf({ pid, startTime }: RecordedState): { pid: number; startTime: bigint } {
  return { pid, startTime: BigInt(startTime) };
}

/** RFC 3339 with nanoseconds. */
function timestamp(nanoseconds: bigint): string {
  const seconds = nanoseconds / 1_000_000_000n;
  const rest = (nanoseconds % 1_000_000_000n).toString().padStart(9, "0");
  return `${new Date(Number(seconds) * 1000).toISOString().slice(0, 19)}.${rest}Z`;
}
