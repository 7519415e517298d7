import { MONITOR_CONSOLE, type MonitorRequest } from "../../helper/index.ts";
import type { Plan } from "../../plan/index.ts";
import { isAlive, loadExisting, planExec, planHandlerExec, presentGroups } from "../../runtime/index.ts";
import type { ContainerRecord } from "../containers/record.ts";
import { resolveUser } from "../containers/user.ts";
import { readProcessUserFiles } from "../containers/user-files.ts";
import type { EngineContext } from "../context.ts";
import { engineError } from "../errors.ts";
import type { TerminalSize } from "../model/exec-request.ts";
import { handlerOf } from "../runtimes/work.ts";
import { execProcess } from "./process.ts";
import type { ExecSession } from "./sessions.ts";

/** What a session's monitor is told, and the plan that it executes. */
export type PreparedExec = { readonly plan: Plan; readonly monitor: MonitorRequest };

/**
 * Works out the plan of a session. Names of users are looked up in the running container, whose files may be others than
 * those of its image by now. Makes nothing.
 *
 * @throws ENGINE_USER for a name that the container does not know
 */
export async function prepareExec(
  context: EngineContext,
  container: ContainerRecord,
  { session, consoleSize }: { session: ExecSession; consoleSize: TerminalSize | undefined },
): Promise<PreparedExec> {
  const { record, directory } = session;
  const { request, image } = container;
  const existing = await loadExisting(context.layout.containerRun(container.id), "state");
  const facts = await context.readFacts();
  const { state, spec } = existing;
  if (spec === undefined) throw configurationLost(container, isAlive(existing, facts.bootId));
  const files = await readProcessUserFiles(context.helper, record.init);
  const userText = record.request.user || request.user || image.defaults.User || "";
  const process = execProcess({
    first: spec.process,
    request: record.request,
    user: resolveUser(userText, request.groupAdd, files),
    consoleSize,
    available: facts.boundingCapabilities,
  });
  const console = { kind: "descriptor", fd: MONITOR_CONSOLE } as const;
  const handler = handlerOf(context, container);
  const call = { handler, id: container.id, run: context.layout.containerRun(container.id) };
  const present = { ...state, groups: presentGroups(state) };
  const plan =
    handler === undefined
      ? planExec({ state: present, spec, process, facts, console, foreground: false })
      : planHandlerExec({ ...call, handler, process, directory, console });
  const monitor: MonitorRequest = {
    id: `${container.id.slice(0, 12)} exec ${record.id.slice(0, 12)}`,
    directory,
    terminal: record.request.tty,
    ...(consoleSize && { rows: consoleSize.height, columns: consoleSize.width }),
    openStdin: record.request.attach.stdin,
    stdinOnce: true,
    holds: handler !== undefined,
    owner: process.user.uid,
  };
  return { plan, monitor };
}

/** The files of a container that has just ended are removed one after the other. */
function configurationLost({ name }: ContainerRecord, alive: boolean): Error {
  if (!alive) return engineError("CONTAINER_NOT_RUNNING", `container ${name} is not running`);
  return engineError("MONITOR_LOST", `cannot exec in container ${name}: its configuration is gone`, {
    hint: "restart the container",
  });
}
