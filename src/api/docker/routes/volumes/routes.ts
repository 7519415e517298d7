import type { Handler, Route } from "../../route.ts";
import { cloneVolume, exportVolume, importVolume, renameVolume } from "./contents.ts";
import { createVolume, inspectVolume, listVolumes, pruneVolumes, removeVolume } from "./handlers.ts";
import type { VolumesPort } from "./port.ts";

/** A handler that still needs the engine. */
export type VolumesHandler = (volumes: VolumesPort, ...request: Parameters<Handler>) => ReturnType<Handler>;

/** The endpoints of volumes. Source: swagger.yaml, tag `Volume`. */
export function volumeRoutes(volumes: VolumesPort): readonly Route[] {
  const using =
    (handler: VolumesHandler): Handler =>
    (request) =>
      handler(volumes, request);
  return [
    { method: "GET", path: "/volumes", access: "volumes:read", since: 24, handler: using(listVolumes) },
    {
      method: "POST",
      path: "/volumes/create",
      access: "volumes:create",
      since: 24,
      handler: using(createVolume),
    },
    {
      method: "POST",
      path: "/volumes/prune",
      access: "volumes:remove",
      since: 25,
      handler: using(pruneVolumes),
    },
    {
      method: "GET",
      path: "/volumes/{id}",
      access: "volumes:read",
      since: 24,
      handler: using(inspectVolume),
    },
    {
      method: "POST",
      path: "/tug/volumes/{id}/rename",
      access: "owner",
      since: 24,
      handler: using(renameVolume),
    },
    {
      method: "POST",
      path: "/tug/volumes/{id}/clone",
      access: "owner",
      since: 24,
      handler: using(cloneVolume),
    },
    {
      method: "GET",
      path: "/tug/volumes/{id}/export",
      access: "volumes:files",
      since: 24,
      handler: using(exportVolume),
    },
    {
      method: "POST",
      path: "/tug/volumes/{id}/import",
      access: "volumes:files",
      since: 24,
      handler: using(importVolume),
    },
    {
      method: "DELETE",
      path: "/volumes/{id}",
      access: "volumes:remove",
      since: 24,
      handler: using(removeVolume),
    },
  ];
}
