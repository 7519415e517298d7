import { MONITOR_CONSOLE, type MonitorRequest } from "../../helper/index.ts";
import type { Plan } from "../../plan/index.ts";
import { loadExisting, planExec } from "../../runtime/index.ts";
import type { ContainerRecord } from "../containers/record.ts";
import { resolveUser } from "../containers/user.ts";
import { readProcessUserFiles } from "../containers/user-files.ts";
import type { EngineContext } from "../context.ts";
import { engineError } from "../errors.ts";
import type { TerminalSize } from "../model/exec-request.ts";
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
  const { state, spec } = await loadExisting(context.layout.containerRun(container.id), "state");
  if (spec === undefined) throw configurationLost(container);
  const [facts, files] = await Promise.all([
    context.readFacts(),
    readProcessUserFiles(context.helper, record.init),
  ]);
  const userText = record.request.user || request.user || image.defaults.User || "";
  const process = execProcess({
    first: spec.process,
    request: record.request,
    user: resolveUser(userText, request.groupAdd, files),
    consoleSize,
    available: facts.boundingCapabilities,
  });
  const console = { kind: "descriptor", fd: MONITOR_CONSOLE } as const;
  const plan = planExec({ state, spec, process, facts, console, foreground: false });
  const monitor: MonitorRequest = {
    id: `${container.id.slice(0, 12)} exec ${record.id.slice(0, 12)}`,
    directory,
    terminal: record.request.tty,
    ...(consoleSize && { rows: consoleSize.height, columns: consoleSize.width }),
    openStdin: record.request.attach.stdin,
    stdinOnce: true,
    owner: process.user.uid,
  };
  return { plan, monitor };
}

function configurationLost({ name }: ContainerRecord): Error {
  return engineError("MONITOR_LOST", `cannot exec in container ${name}: its configuration is gone`, {
    hint: "restart the container",
  });
}
