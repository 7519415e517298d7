import type { Handler, Route } from "../../route.ts";
import { attach } from "./attach.ts";
import { attachWebSocket } from "./attach-web-socket.ts";
import { changes } from "./changes.ts";
import { createCheckpoint, listCheckpoints, removeCheckpoint } from "./checkpoints.ts";
import { createContainer } from "./create.ts";
import {
  killContainer,
  pause,
  removeContainer,
  rename,
  resize,
  restart,
  start,
  stop,
  unpause,
} from "./lifecycle.ts";
import { inspectContainer, listContainers } from "./list.ts";
import { exportContainer, logs } from "./output.ts";
import type { ContainersPort } from "./port.ts";
import { pruneContainers } from "./prune.ts";
import { stats } from "./stats.ts";
import { top } from "./top.ts";
import { update } from "./update.ts";
import { waitContainer } from "./wait.ts";
import { why } from "./why.ts";

/** A handler that still needs the engine. */
export type ContainersHandler = (
  containers: ContainersPort,
  ...request: Parameters<Handler>
) => ReturnType<Handler>;

/** The endpoints below /containers. Source: swagger.yaml, tag `Container`. */
export function containerRoutes(containers: ContainersPort): readonly Route[] {
  const using =
    (handler: ContainersHandler): Handler =>
    (request) =>
      handler(containers, request);
  return [
    {
      method: "GET",
      path: "/containers/json",
      access: "containers:read",
      since: 24,
      handler: using(listContainers),
    },
    {
      method: "POST",
      path: "/containers/create",
      access: "containers:create",
      since: 24,
      handler: using(createContainer),
    },
    {
      method: "POST",
      path: "/containers/prune",
      access: "containers:remove",
      since: 25,
      handler: using(pruneContainers),
    },
    {
      method: "GET",
      path: "/containers/{id}/json",
      access: "containers:read",
      since: 24,
      handler: using(inspectContainer),
    },
    {
      method: "POST",
      path: "/containers/{id}/start",
      access: "containers:control",
      since: 24,
      handler: using(start),
    },
    {
      method: "POST",
      path: "/containers/{id}/stop",
      access: "containers:control",
      since: 24,
      handler: using(stop),
    },
    {
      method: "POST",
      path: "/containers/{id}/restart",
      access: "containers:control",
      since: 24,
      handler: using(restart),
    },
    {
      method: "POST",
      path: "/containers/{id}/kill",
      access: "containers:control",
      since: 24,
      handler: using(killContainer),
    },
    {
      method: "POST",
      path: "/containers/{id}/pause",
      access: "containers:control",
      since: 24,
      handler: using(pause),
    },
    {
      method: "POST",
      path: "/containers/{id}/unpause",
      access: "containers:control",
      since: 24,
      handler: using(unpause),
    },
    {
      method: "POST",
      path: "/containers/{id}/update",
      access: "containers:update",
      since: 24,
      handler: using(update),
    },
    {
      method: "POST",
      path: "/containers/{id}/rename",
      access: "containers:update",
      since: 24,
      handler: using(rename),
    },
    {
      method: "POST",
      path: "/containers/{id}/resize",
      access: "containers:attach",
      since: 24,
      handler: using(resize),
    },
    {
      method: "POST",
      path: "/containers/{id}/wait",
      access: "containers:read",
      since: 24,
      handler: using(waitContainer),
    },
    {
      method: "POST",
      path: "/containers/{id}/attach",
      access: "containers:attach",
      since: 24,
      handler: using(attach),
      upgrade: "tcp",
    },
    {
      method: "GET",
      path: "/containers/{id}/attach/ws",
      access: "containers:attach",
      since: 24,
      handler: using(attachWebSocket),
      upgrade: "websocket",
    },
    {
      method: "GET",
      path: "/containers/{id}/checkpoints",
      access: "containers:read",
      since: 24,
      handler: using(listCheckpoints),
    },
    {
      method: "POST",
      path: "/containers/{id}/checkpoints",
      access: "containers:control",
      since: 24,
      handler: using(createCheckpoint),
    },
    {
      method: "DELETE",
      path: "/containers/{id}/checkpoints/{checkpoint}",
      access: "containers:control",
      since: 24,
      handler: using(removeCheckpoint),
    },
    {
      method: "GET",
      path: "/containers/{id}/logs",
      access: "containers:logs",
      since: 24,
      handler: using(logs),
    },
    {
      method: "GET",
      path: "/containers/{id}/changes",
      access: "containers:read",
      since: 24,
      handler: using(changes),
    },
    {
      method: "GET",
      path: "/containers/{id}/top",
      access: "containers:read",
      since: 24,
      handler: using(top),
    },
    {
      method: "GET",
      path: "/containers/{id}/stats",
      access: "containers:read",
      since: 24,
      handler: using(stats),
    },
    {
      method: "GET",
      path: "/containers/{id}/export",
      access: "containers:files",
      since: 24,
      handler: using(exportContainer),
    },
    {
      method: "GET",
      path: "/tug/containers/{id}/why",
      access: "containers:logs",
      since: 24,
      handler: using(why),
    },
    {
      method: "DELETE",
      path: "/containers/{id}",
      access: "containers:remove",
      since: 24,
      handler: using(removeContainer),
    },
  ];
}
