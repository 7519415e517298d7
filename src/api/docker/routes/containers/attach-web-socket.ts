import { webSocket } from "../../../../specs/index.ts";
import { doorError } from "../../errors.ts";
import { detachKeysOf } from "./attach.ts";
import { idOf } from "./lifecycle.ts";
import type { ContainersHandler } from "./routes.ts";

/**
 * GET /containers/{id}/attach/ws: the messages of a WebSocket become the container's standard streams, both outputs in one.
 * They are binary since version 1.28, and a client says since 1.42 which streams it wants.
 */
export const attachWebSocket: ContainersHandler = async (containers, request) => {
  const { query, version } = request;
  const handshake = webSocket.readHandshake(request.headers);
  if ("wrong" in handshake) {
    throw doorError("WEB_SOCKET", `cannot attach by WebSocket: ${handshake.wrong}`);
  }
  const wants = (stream: string): boolean => version < 42 || query.flag(stream);
  const options = {
    stdin: wants("stdin"),
    stdout: wants("stdout"),
    stderr: wants("stderr"),
    logs: query.flag("logs"),
    stream: query.flag("stream"),
  };
  const keys = detachKeysOf(query.text("detachKeys"));
  const attachment = await containers.attach(idOf(request), options, request.signal);
  return {
    kind: "webSocket",
    handshake,
    asText: version < 28,
    attachment,
    framed: false,
    stdin: options.stdin && options.stream,
    detachKeys: attachment.tty ? keys : undefined,
  };
};
