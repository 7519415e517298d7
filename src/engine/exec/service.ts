import type { ContainerAttachment } from "../containers/attach.ts";
import { newContainerId } from "../containers/names.ts";
import type { EngineContext } from "../context.ts";
import { engineError } from "../errors.ts";
import type { ExecRequest, TerminalSize } from "../model/exec-request.ts";
import type { Exec } from "../model/exec-view.ts";
import { attachExec } from "./attach.ts";
import { publishExec } from "./events.ts";
import { execDirectory } from "./record.ts";
import { recoverExecs } from "./recover.ts";
import { viewExec } from "./sessions.ts";
import { claimExec, requireExecutable, startExec } from "./start.ts";

/** Further programs in running containers. Each is made first and started once, then or never. */
export interface Execs {
  /** @throws ENGINE_CONTAINER_NOT_FOUND, ENGINE_CONTAINER_NOT_RUNNING, ENGINE_CONTAINER_PAUSED */
  create(container: string, request: ExecRequest): Promise<{ id: string }>;
  /** @throws ENGINE_EXEC_NOT_FOUND */
  get(id: string): Promise<Exec>;
  /** Starts with nobody attached; resolves when the program has been executed. @throws ENGINE_EXEC_STATE, ENGINE_EXEC_START */
  start(id: string, options: ExecStartOptions): Promise<void>;
  /** Starts with the client attached to the streams that were asked for. @throws ENGINE_EXEC_STATE */
  attach(id: string, options: ExecStartOptions): Promise<ContainerAttachment>;
  /** @throws ENGINE_EXEC_STATE unless it runs */
  resize(id: string, size: TerminalSize): Promise<void>;
  /** Takes up what an engine before this one left. */
  recover(): Promise<void>;
}

export type ExecStartOptions = {
  /** Size of the terminal at the start; left out: what it was made with. */
  readonly consoleSize?: TerminalSize | undefined;
};

/** The exec sessions of an engine. */
export function openExecs(context: EngineContext): Execs {
  const { execs, store, layout } = context;
  const prune = (): void => {
    execs.prune().catch((error: unknown) => {
      context.logger.log("warn", "exec.prune", { error: String(error) });
    });
  };
  return {
    async create(reference, request) {
      const { id: containerId, state } = requireExecutable(store.find(reference));
      prune();
      const id = newContainerId();
      const init = { pid: state.pid, startTime: state.startTime };
      const directory = execDirectory(layout.containerRun(containerId), id);
      const session = execs.add({ version: 1, id, containerId, init, request }, directory);
      publishExec(context, session, "exec_create");
      return { id };
    },
    get: async (id) => viewExec(execs.find(id)),
    async start(id, { consoleSize }) {
      const session = execs.find(id);
      const container = claimExec(context, session);
      await startExec(context, session, {
        container,
        consoleSize: consoleSize ?? session.record.request.consoleSize,
      });
    },
    async attach(id, { consoleSize }) {
      const session = execs.find(id);
      const container = claimExec(context, session);
      return attachExec(context, session, {
        container,
        consoleSize: consoleSize ?? session.record.request.consoleSize,
      });
    },
    async resize(id, { height, width }) {
      const { control, status } = execs.find(id);
      if (control === undefined || status === "ended") {
        throw engineError("EXEC_STATE", `cannot resize the terminal of exec command ${id}: it does not run`);
      }
      await control.resize(height, width);
    },
    recover: () => recoverExecs(context),
  };
}
