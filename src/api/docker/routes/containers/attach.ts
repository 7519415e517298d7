import { dockerApi } from "../../../../specs/index.ts";
import { doorError } from "../../errors.ts";
import { idOf } from "./lifecycle.ts";
import type { ContainersHandler } from "./routes.ts";

/** POST /containers/{id}/attach: the connection becomes the container's standard streams. */
export const attach: ContainersHandler = async (containers, request) => {
  const { query, version } = request;
  const options = {
    stdin: query.flag("stdin"),
    stdout: query.flag("stdout"),
    stderr: query.flag("stderr"),
    logs: query.flag("logs"),
    stream: query.flag("stream"),
  };
  const keys = detachKeysOf(query.text("detachKeys"));
  const attachment = await containers.attach(idOf(request), options, request.signal);
  const { rawStream, multiplexedStream } = dockerApi.mediaTypes;
  return {
    kind: "hijack",
    type: attachment.tty || version < 42 ? rawStream : multiplexedStream,
    attachment,
    framed: !attachment.tty,
    stdin: options.stdin && options.stream,
    detachKeys: attachment.tty ? keys : undefined,
  };
};

/** The bytes of detach keys as a client writes them. @throws DOCKER_QUERY */
export function detachKeysOf(text: string | undefined): Uint8Array {
  try {
    return dockerApi.parseDetachKeys(text ?? dockerApi.DEFAULT_DETACH_KEYS);
  } catch (cause) {
    throw doorError("QUERY", `invalid detachKeys: "${text}"`, { cause });
  }
}
