import { type ExitRecord, exitCodeOf, type MonitorControl, readExitRecord } from "../../helper/index.ts";
import type { EngineContext } from "../context.ts";
import { publishExec } from "./events.ts";
import { killLost } from "./kill-lost.ts";
import type { ExecSession } from "./sessions.ts";

/** The exit code where nobody knows the real one. */
const UNKNOWN = 255;

/**
 * Watches a session through its monitor and records its end.
 *
 * @param starting the caller is starting its program: an end without a wait status means that there is none, and the
 *   caller knows why
 */
export async function watchExec(
  context: EngineContext,
  session: ExecSession,
  { control, starting }: { control: MonitorControl; starting: boolean },
): Promise<void> {
  session.control = control;
  const end = (record: ExitRecord | undefined): void => {
    const exitCode = record && exitCodeOf(record);
    if (exitCode !== undefined) endExec(context, session, exitCode);
    else if (!starting || record === undefined) void endLost(context, session);
  };
  void control.closed.then(async () => {
    session.control = undefined;
    if (session.status !== "ended") end(await readExitRecord(session.directory).catch(() => undefined));
  });
  await control
    .watch((event) => {
      if (event.type === "exit") end(event.record);
    })
    // It hung up already: `closed` tells.
    .catch(() => undefined);
}

/** Ends the program of a session whose monitor was lost, and records that. */
async function endLost(context: EngineContext, session: ExecSession): Promise<void> {
  const { process, record } = session;
  const waitStatus = process && (await killLost(context, process, record.id));
  endExec(context, session, exitCodeOf({ waitStatus }) ?? UNKNOWN);
}

/** Records the end of a session, once, and tells who waits for it. */
export function endExec(context: EngineContext, session: ExecSession, exitCode: number): void {
  if (session.status === "ended") return;
  session.status = "ended";
  if (session.process !== undefined) context.witness.forget(session.process);
  session.process = undefined;
  session.exitCode = exitCode;
  session.endedAt = Date.now();
  publishExec(context, session, "exec_die", { exitCode: String(exitCode) });
  session.ended.resolve();
}
