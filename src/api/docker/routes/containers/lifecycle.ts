import { noContent } from "../../answer.ts";
import { doorError } from "../../errors.ts";
import type { DoorRequest } from "../../route.ts";
import type { StopOptions } from "./port.ts";
import type { ContainersHandler } from "./routes.ts";

/** POST /containers/{id}/start */
export const start: ContainersHandler = async (containers, request) => {
  const { query, signal } = request;
  const name = query.text("checkpoint");
  const directory = query.text("checkpoint-dir");
  await containers.start(idOf(request), signal, name === undefined ? undefined : { name, directory });
  return noContent;
};

/** POST /containers/{id}/stop */
export const stop: ContainersHandler = async (containers, request) => {
  await containers.stop(idOf(request), stopOptionsOf(request), request.signal);
  return noContent;
};

/** POST /containers/{id}/restart */
export const restart: ContainersHandler = async (containers, request) => {
  await containers.restart(idOf(request), stopOptionsOf(request), request.signal);
  return noContent;
};

/** POST /containers/{id}/kill */
export const killContainer: ContainersHandler = async (containers, request) => {
  await containers.kill(idOf(request), request.query.text("signal"));
  return noContent;
};

/** POST /containers/{id}/pause */
export const pause: ContainersHandler = async (containers, request) => {
  await containers.pause(idOf(request));
  return noContent;
};

/** POST /containers/{id}/unpause */
export const unpause: ContainersHandler = async (containers, request) => {
  await containers.unpause(idOf(request));
  return noContent;
};

/** POST /containers/{id}/rename */
export const rename: ContainersHandler = async (containers, request) => {
  const name = request.query.text("name");
  if (name === undefined) throw doorError("QUERY", "cannot rename the container: the new name is empty");
  await containers.rename(idOf(request), name.replace(/^\//, ""));
  return noContent;
};

/** POST /containers/{id}/resize */
export const resize: ContainersHandler = async (containers, request) => {
  await containers.resize(idOf(request), terminalSizeOf(request));
  return { kind: "empty", status: 200 };
};

/** DELETE /containers/{id} */
export const removeContainer: ContainersHandler = async (containers, request) => {
  const { query } = request;
  await containers.remove(idOf(request), { force: query.flag("force"), volumes: query.flag("v") });
  return noContent;
};

/** The container that a path names. */
export function idOf(request: DoorRequest): string {
  return (request.params.id ?? "").replace(/^\//, "");
}

function stopOptionsOf({ query, version }: DoorRequest): StopOptions {
  return { timeoutSeconds: query.integer("t"), signalName: version < 42 ? undefined : query.text("signal") };
}

/** The kernel keeps both in 16 bits. */
const MAX_TERMINAL_SIZE = 65_535;

/** The size that a resize asks for, in characters. @throws DOCKER_QUERY */
export function terminalSizeOf(request: DoorRequest): { height: number; width: number } {
  return { height: sizeOf(request, "h"), width: sizeOf(request, "w") };
}

function sizeOf({ query }: DoorRequest, name: "h" | "w"): number {
  const size = query.integer(name);
  if (size !== undefined && size >= 0 && size <= MAX_TERMINAL_SIZE) return size;
  throw doorError("QUERY", `invalid terminal size: ${name} must be between 0 and ${MAX_TERMINAL_SIZE}`);
}
