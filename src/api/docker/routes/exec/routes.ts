import type { Handler, Route } from "../../route.ts";
import { createExec } from "./create.ts";
import { inspectExec } from "./inspect.ts";
import type { ExecPort } from "./port.ts";
import { resizeExec, startExec } from "./start.ts";

/** A handler that still needs the engine. */
export type ExecHandler = (execs: ExecPort, ...request: Parameters<Handler>) => ReturnType<Handler>;

/** The endpoints of exec sessions. Source: swagger.yaml, tag `Exec`. */
export function execRoutes(execs: ExecPort): readonly Route[] {
  const using =
    (handler: ExecHandler): Handler =>
    (request) =>
      handler(execs, request);
  return [
    {
      method: "POST",
      path: "/containers/{id}/exec",
      access: "containers:exec",
      since: 24,
      handler: using(createExec),
    },
    {
      method: "POST",
      path: "/exec/{id}/start",
      access: "containers:exec",
      since: 24,
      handler: using(startExec),
      upgrade: "tcp",
    },
    {
      method: "POST",
      path: "/exec/{id}/resize",
      access: "containers:exec",
      since: 24,
      handler: using(resizeExec),
    },
    {
      method: "GET",
      path: "/exec/{id}/json",
      access: "containers:exec",
      since: 24,
      handler: using(inspectExec),
    },
  ];
}
