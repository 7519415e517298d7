import { type Answer, json } from "../../answer.ts";
import type { Route } from "../../route.ts";
import type { ContainersPort } from "../containers/port.ts";
import type { ImagesPort } from "../images/port.ts";
import type { VolumesPort } from "../volumes/port.ts";
import { checkSystem } from "./check.ts";
import { diskUsage } from "./disk-usage.ts";
import { events } from "./events.ts";
import { listKeepers } from "./keepers.ts";
import type { SystemPort } from "./port.ts";
import { renderInfo, renderVersion } from "./render.ts";

/** What the system endpoints draw on; `/system/df` lists everything there is. */
export type SystemPorts = {
  readonly system: SystemPort;
  readonly containers: ContainersPort;
  readonly images: ImagesPort;
  readonly volumes: VolumesPort;
};

/** The endpoints about the engine itself. Source: swagger.yaml, tag `System`. */
export function systemRoutes(ports: SystemPorts): readonly Route[] {
  const { system } = ports;
  return [
    { method: "GET", path: "/_ping", access: "open", since: 24, handler: async () => ping("OK") },
    { method: "HEAD", path: "/_ping", access: "open", since: 24, handler: async () => ping("") },
    {
      method: "GET",
      path: "/version",
      access: "open",
      since: 24,
      handler: async () => json(renderVersion(await system.version())),
    },
    {
      method: "GET",
      path: "/info",
      access: "system:read",
      since: 24,
      handler: async () => json(renderInfo(await system.info())),
    },
    { method: "GET", path: "/system/df", access: "system:read", since: 25, handler: diskUsage(ports) },
    {
      method: "GET",
      path: "/tug/system/keepers",
      access: "owner",
      since: 24,
      handler: listKeepers(ports.images),
    },
    {
      method: "POST",
      path: "/tug/system/check",
      access: "owner",
      since: 24,
      handler: checkSystem(ports.images),
    },
    { method: "GET", path: "/events", access: "events:read", since: 24, handler: events(system) },
  ];
}

function ping(text: string): Answer {
  return {
    kind: "text",
    text,
    headers: {
      "Cache-Control": "no-cache, no-store, must-revalidate",
      Pragma: "no-cache",
      // Docker's client has checkpoints only for engines that say so.
      "Docker-Experimental": "true",
      Swarm: "inactive",
    },
  };
}
