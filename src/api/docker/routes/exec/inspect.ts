import type { Exec } from "../../../../engine/index.ts";
import type { dockerApi } from "../../../../specs/index.ts";
import { json } from "../../answer.ts";
import { idOf } from "../containers/lifecycle.ts";
import type { ExecHandler } from "./routes.ts";

/** GET /exec/{id}/json */
export const inspectExec: ExecHandler = async (execs, request) => {
  return json(renderExec(await execs.get(idOf(request))));
};

function renderExec({ id, containerId, request, running, exitCode, pid }: Exec): dockerApi.ExecInspect {
  const [entrypoint = "", ...rest] = request.args;
  return {
    ID: id,
    ContainerID: containerId,
    Running: running,
    ExitCode: exitCode ?? null,
    ProcessConfig: {
      entrypoint,
      arguments: rest,
      tty: request.tty,
      privileged: request.privileged,
      user: request.user ?? "",
    },
    OpenStdin: request.attach.stdin,
    OpenStdout: request.attach.stdout,
    OpenStderr: request.attach.stderr,
    CanRemove: false,
    DetachKeys: request.detachKeys ?? "",
    Pid: pid,
  };
}
