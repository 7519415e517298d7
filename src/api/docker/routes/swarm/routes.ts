import { json } from "../../answer.ts";
import { doorError } from "../../errors.ts";
import type { Handler, Method, Route } from "../../route.ts";

/** What only a manager of a swarm answers. Source: swagger.yaml, tags `Swarm`, `Node`, `Service`, `Task`, `Secret`, `Config`. */
const ofManagers: readonly (readonly [Method, string])[] = [
  ["GET", "/swarm"],
  ["GET", "/swarm/unlockkey"],
  ["POST", "/swarm/unlock"],
  ["POST", "/swarm/update"],
  ["GET", "/nodes"],
  ["GET", "/nodes/{id}"],
  ["DELETE", "/nodes/{id}"],
  ["POST", "/nodes/{id}/update"],
  ["GET", "/services"],
  ["POST", "/services/create"],
  ["GET", "/services/{id}"],
  ["DELETE", "/services/{id}"],
  ["POST", "/services/{id}/update"],
  ["GET", "/services/{id}/logs"],
  ["GET", "/tasks"],
  ["GET", "/tasks/{id}"],
  ["GET", "/tasks/{id}/logs"],
  ["GET", "/secrets"],
  ["POST", "/secrets/create"],
  ["GET", "/secrets/{id}"],
  ["DELETE", "/secrets/{id}"],
  ["POST", "/secrets/{id}/update"],
  ["GET", "/configs"],
  ["POST", "/configs/create"],
  ["GET", "/configs/{id}"],
  ["DELETE", "/configs/{id}"],
  ["POST", "/configs/{id}/update"],
];

/** What tug does not do, and the reason that it gives. */
const refused: readonly (readonly [Method, string, string])[] = [
  ["POST", "/swarm/init", "there are no swarms"],
  ["POST", "/swarm/join", "there are no swarms"],
  ["POST", "/plugins/pull", "there are no plugins"],
  ["POST", "/plugins/create", "there are no plugins"],
  ["POST", "/build", "images are not built here yet"],
  ["POST", "/build/prune", "images are not built here yet"],
  ["POST", "/session", "images are not built here yet"],
  ["POST", "/grpc", "images are not built here yet"],
];

/** The endpoints of swarms, plugins and builds, answered as an engine does that is in no swarm and has none of them. */
export function swarmRoutes(): readonly Route[] {
  return [
    ...ofManagers.map(
      ([method, path]): Route => ({ method, path, access: "owner", since: 24, handler: noManager }),
    ),
    { method: "POST", path: "/swarm/leave", access: "owner", since: 24, handler: noMember },
    { method: "GET", path: "/plugins", access: "owner", since: 25, handler: async () => json([]) },
    { method: "GET", path: "/plugins/privileges", access: "owner", since: 25, handler: async () => json([]) },
    { method: "GET", path: "/plugins/{name...}/json", access: "owner", since: 25, handler: noPlugin },
    ...refused.map(
      ([method, path, reason]): Route => ({
        method,
        path,
        access: "owner",
        since: 24,
        handler: refuse(reason),
      }),
    ),
  ];
}

const noManager: Handler = async () => {
  throw doorError(
    "SWARM",
    'This node is not a swarm manager. Use "docker swarm init" or "docker swarm join" to connect this node to swarm and try again.',
  );
};

const noMember: Handler = async () => {
  throw doorError("SWARM", "This node is not part of a swarm");
};

const noPlugin: Handler = async ({ params }) => {
  throw doorError("PLUGIN", `plugin "${params.name}" not found`);
};

const refuse =
  (reason: string): Handler =>
  async () => {
    throw doorError("ABSENT", `not implemented: ${reason}`);
  };
