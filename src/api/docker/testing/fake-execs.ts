import { createHash } from "node:crypto";
import { TugError } from "../../../base/index.ts";
import type { Exec, ExecRequest } from "../../../engine/index.ts";
import type { ContainersPort } from "../routes/containers/port.ts";
import type { ExecPort } from "../routes/exec/port.ts";
import { createFakeContainer, type FakeContainer } from "./fake-container.ts";
import { fakePrograms } from "./fake-program.ts";

/** Exec sessions in memory, and what was asked for. */
export type FakeExecs = {
  readonly port: ExecPort;
  readonly requests: readonly ExecRequest[];
  /** Forgets all sessions once, as the next engine does, after one was made or attached to. */
  forgetWhen(moment: "made" | "attached"): void;
};

type Session = {
  readonly id: string;
  readonly containerId: string;
  readonly request: ExecRequest;
  /** A session's program runs as that of a container does. */
  readonly program: FakeContainer;
  exitCode?: number;
};

/** Programs beside those of the containers behind a port; paused and stopped ones refuse. */
export function createFakeExecs(containers: ContainersPort): FakeExecs {
  const sessions = new Map<string, Session>();
  const requests: ExecRequest[] = [];
  let forgets: "made" | "attached" | undefined;
  const pass = (moment: "made" | "attached"): void => {
    if (forgets !== moment) return;
    forgets = undefined;
    sessions.clear();
  };

  const find = (id: string): Session => {
    const session = sessions.get(id);
    if (session !== undefined) return session;
    throw new TugError("notFound", "FAKE_NO_EXEC", `no exec ${id}`, { details: { exec: id } });
  };
  const run = (session: Session): void => {
    const [name = ""] = session.request.args;
    const program = fakePrograms[name];
    if (session.program.view().state.status !== "created" || session.exitCode !== undefined) {
      throw new TugError("conflict", "FAKE_EXEC_STATE", `exec command ${session.id} is already running`);
    }
    if (program !== undefined) {
      session.program.run(program);
      return;
    }
    session.exitCode = 127;
    const reason = "executable file not found in $PATH";
    throw new TugError("invalid", "FAKE_EXEC", `cannot exec: ${reason}`, {
      details: { exitCode: 127, reason },
    });
  };
  const port: ExecPort = {
    async create(reference, request) {
      const { id: containerId, state, spec, name } = await containers.get(reference);
      if (state.status !== "running") {
        throw new TugError("conflict", "FAKE_NOT_RUNNING", `container ${name} is not running`);
      }
      requests.push(request);
      const id = createHash("sha256").update(`${containerId} ${requests.length}`).digest("hex");
      const { tty, attach } = request;
      const stdio = { tty, attach, openStdin: attach.stdin, stdinOnce: true };
      const program = createFakeContainer(id, { ...spec, entrypoint: [], command: request.args, stdio });
      sessions.set(id, { id, containerId, request, program });
      pass("made");
      return { id };
    },
    async get(id) {
      const { containerId, request, program, exitCode } = find(id);
      const { status, pid, exitCode: ended } = program.view().state;
      const seen: Omit<Exec, "exitCode"> = { id, containerId, request, running: status === "running", pid };
      return { ...seen, exitCode: exitCode ?? (status === "exited" ? ended : undefined) };
    },
    start: async (id) => run(find(id)),
    async attach(id, { consoleSize }) {
      const session = find(id);
      if (consoleSize !== undefined) session.program.resize(consoleSize);
      const attachment = session.program.attach({ ...session.request.attach, logs: false, stream: true });
      try {
        run(session);
        pass("attached");
        return attachment;
      } catch (error) {
        if (!(error instanceof TugError) || error.kind !== "invalid") throw error;
        const { message } = error;
        const output = (async function* () {
          yield { stream: "stderr" as const, data: Buffer.from(`${message}\r\n`) };
        })();
        return { ...attachment, output };
      }
    },
    async resize(id, size) {
      find(id).program.resize(size);
    },
  };
  const forgetWhen: FakeExecs["forgetWhen"] = (moment) => {
    forgets = moment;
  };
  return { port, requests, forgetWhen };
}
