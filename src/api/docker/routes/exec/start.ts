import { dockerApi } from "../../../../specs/index.ts";
import { detachKeysOf } from "../containers/attach.ts";
import { idOf, terminalSizeOf } from "../containers/lifecycle.ts";
import { MAX_EXEC_BODY_BYTES, sizeOf } from "./create.ts";
import type { ExecHandler } from "./routes.ts";

/**
 * POST /exec/{id}/start: the connection becomes the program's standard streams, unless it is to run on its own. The
 * session says whether there is a terminal, this body whether the client reads the output of one: without it even that
 * comes in frames, as Docker has it.
 */
export const startExec: ExecHandler = async (execs, request) => {
  const id = idOf(request);
  const body = dockerApi.parseExecStartBody(await request.body.json(MAX_EXEC_BODY_BYTES));
  const options = { consoleSize: sizeOf(body.ConsoleSize) };
  if (body.Detach) {
    await execs.start(id, options);
    return { kind: "empty", status: 200 };
  }
  const { request: asked } = await execs.get(id);
  const keys = detachKeysOf(asked.detachKeys);
  const attachment = await execs.attach(id, options);
  const framed = !body.Tty;
  const { rawStream, multiplexedStream } = dockerApi.mediaTypes;
  return {
    kind: "hijack",
    type: !framed || request.version < 42 ? rawStream : multiplexedStream,
    attachment,
    framed,
    stdin: asked.attach.stdin,
    detachKeys: attachment.tty ? keys : undefined,
  };
};

/** POST /exec/{id}/resize */
export const resizeExec: ExecHandler = async (execs, request) => {
  await execs.resize(idOf(request), terminalSizeOf(request));
  return { kind: "empty", status: 200 };
};
