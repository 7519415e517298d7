import { connectAhead, connectMonitor, startMonitor } from "../../helper/index.ts";
import { outgoingPlan } from "../../plan/index.ts";
import { createBindings } from "../../runtime/index.ts";
import type { ContainerRecord } from "../containers/record.ts";
import type { EngineContext } from "../context.ts";
import { engineError } from "../errors.ts";
import type { TerminalSize } from "../model/exec-request.ts";
import { publishExec } from "./events.ts";
import { execFailure } from "./failure.ts";
import { prepareExec } from "./prepare.ts";
import { makeExecDirectory } from "./record.ts";
import type { ExecSession } from "./sessions.ts";
import { endExec, watchExec } from "./watch.ts";

export type ExecStart = {
  /** Of the terminal, where there is one. */
  readonly consoleSize: TerminalSize | undefined;
  /** Called with the session's directory when its monitor serves it and its program has not begun. */
  readonly attach?: (directory: string) => Promise<void>;
};

/**
 * Takes a session for starting, before anything else happens.
 *
 * @throws ENGINE_EXEC_STATE when it was started before, ENGINE_CONTAINER_NOT_RUNNING, ENGINE_CONTAINER_PAUSED
 */
export function claimExec(context: EngineContext, session: ExecSession): ContainerRecord {
  const { id, containerId, init } = session.record;
  if (session.status !== "created") {
    const reason = session.status === "ended" ? "has already run" : "is already running";
    throw engineError("EXEC_STATE", `exec command ${id} ${reason}`, {
      hint: "make another one: each runs once",
    });
  }
  const container = requireExecutable(context.store.find(containerId));
  if (container.state.pid !== init.pid || container.state.startTime !== init.startTime) {
    throw engineError("EXEC_STATE", `exec command ${id} belongs to an earlier run of ${container.name}`, {
      hint: "make another one: each belongs to one run of its container",
    });
  }
  session.status = "starting";
  return container;
}

/** @throws ENGINE_CONTAINER_NOT_RUNNING, ENGINE_CONTAINER_PAUSED */
export function requireExecutable(container: ContainerRecord): ContainerRecord {
  const { name, state } = container;
  if (state.dumping !== undefined) {
    throw engineError("CONTAINER_PAUSED", `container ${name} is paused: a checkpoint of it is being made`, {
      hint: "try again when that is done",
    });
  }
  if (state.status === "running") return container;
  if (state.status === "paused") {
    throw engineError("CONTAINER_PAUSED", `container ${name} is paused, unpause the container before exec`, {
      hint: `let it go on with: tug unpause ${name}`,
    });
  }
  throw engineError("CONTAINER_NOT_RUNNING", `container ${name} is not running`, {
    hint: `start it with: tug start ${name}`,
  });
}

/**
 * Starts the program of a claimed session under a monitor of its own. Resolves when it has been executed.
 *
 * No FIFO holds the program back: the plan is sent when the clients are attached.
 *
 * @throws ENGINE_EXEC_START with `exitCode` 126 or 127; the session has ended with that code then
 */
export async function startExec(
  context: EngineContext,
  session: ExecSession,
  { container, consoleSize, attach }: ExecStart & { container: ContainerRecord },
): Promise<void> {
  const { directory, record } = session;
  try {
    using maker = connectAhead(context.spawner, "monitor");
    const { plan, monitor } = await prepareExec(context, container, { session, consoleSize });
    await makeExecDirectory(directory, record);
    const onReady = async (): Promise<void> => {
      await Promise.all([watch(context, session), attach?.(directory)]);
      publishExec(context, session, "exec_start");
    };
    const outgoing = outgoingPlan(plan, createBindings(container.id));
    const { init } = await startMonitor(maker, monitor, outgoing, { onReady });
    // A short program may have ended by now.
    if (session.status !== "starting") return;
    session.status = "running";
    session.process = init;
    context.witness.watch(init);
  } catch (error) {
    const failure = execFailure(error, container);
    endExec(context, session, Number(failure.details.exitCode));
    throw failure;
  }
}

async function watch(context: EngineContext, session: ExecSession): Promise<void> {
  const control = await connectMonitor(session.directory);
  await watchExec(context, session, { control, starting: true });
}
