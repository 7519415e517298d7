import type { ExecRequest, TerminalSize } from "../../../../engine/index.ts";
import { dockerApi } from "../../../../specs/index.ts";
import { json } from "../../answer.ts";
import { doorError } from "../../errors.ts";
import { idOf } from "../containers/lifecycle.ts";
import type { ExecHandler } from "./routes.ts";

/** A command line and its variables: the kernel takes no more than a few megabytes. */
export const MAX_EXEC_BODY_BYTES = 4 * 1024 * 1024;

/** POST /containers/{id}/exec */
export const createExec: ExecHandler = async (execs, request) => {
  const body = dockerApi.parseExecBody(await request.body.json(MAX_EXEC_BODY_BYTES));
  const { id } = await execs.create(idOf(request), translateExec(body));
  const created: dockerApi.ExecCreated = { Id: id };
  return json(created, 201);
};

/** The engine's request for an exec body. @throws DOCKER_EXEC_VALUE */
export function translateExec(body: dockerApi.ExecBody): ExecRequest {
  const args = body.Cmd ?? [];
  if (args.length === 0) throw refuse("/Cmd", "no exec command specified");
  for (const [index, variable] of (body.Env ?? []).entries()) {
    if (variable === "" || variable.startsWith("=")) {
      throw refuse(`/Env/${index}`, `invalid environment variable: ${variable}`);
    }
  }
  const workingDir = body.WorkingDir || undefined;
  if (workingDir !== undefined && !workingDir.startsWith("/")) {
    throw refuse("/WorkingDir", `the working directory '${workingDir}' needs to be an absolute path`);
  }
  return {
    args,
    env: body.Env ?? [],
    workingDir,
    user: body.User || undefined,
    privileged: body.Privileged ?? false,
    tty: body.Tty ?? false,
    attach: {
      stdin: body.AttachStdin ?? false,
      stdout: body.AttachStdout ?? false,
      stderr: body.AttachStderr ?? false,
    },
    consoleSize: sizeOf(body.ConsoleSize),
    detachKeys: body.DetachKeys || undefined,
  };
}

/** A size of 0 is none. */
export function sizeOf(size: readonly [number, number] | undefined): TerminalSize | undefined {
  const [height = 0, width = 0] = size ?? [];
  return height > 0 && width > 0 ? { height, width } : undefined;
}

function refuse(pointer: string, reason: string) {
  return doorError("EXEC_VALUE", `invalid ${pointer}: ${reason}`, { details: { pointer } });
}
