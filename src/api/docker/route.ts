import type { IncomingHttpHeaders } from "node:http";
import { dockerApi } from "../../specs/index.ts";
import type { Answer } from "./answer.ts";
import { doorError } from "./errors.ts";
import type { Query } from "./query.ts";
import type { RequestBody } from "./request-body.ts";
import type { Access } from "./scope/access.ts";

/** What a handler gets to see of a request. */
export type DoorRequest = {
  /** The parts of the path that the route names, decoded. */
  readonly params: Readonly<Record<string, string>>;
  readonly query: Query;
  /** The version that the client speaks; answers are shaped for it. */
  readonly version: dockerApi.ApiVersion;
  readonly headers: IncomingHttpHeaders;
  readonly body: RequestBody;
  /** Aborted when the client goes away or the server closes. */
  readonly signal: AbortSignal;
};

export type Handler = (request: DoorRequest) => Promise<Answer>;

export type Method = "GET" | "HEAD" | "POST" | "PUT" | "DELETE";

/** One endpoint. `{id}` stands for one part of the path, `{name...}` for one or more: names of images have slashes. */
export type Route = {
  readonly method: Method;
  readonly path: string;
  /** What a scoped socket must allow for it. */
  readonly access: Access;
  /** The API version that brought it. */
  readonly since: dockerApi.ApiVersion;
  readonly handler: Handler;
  /** Set where a client may ask for the connection itself, by this word in the header Upgrade. */
  readonly upgrade?: "tcp" | "websocket";
};

export type Match = {
  readonly route: Route;
  readonly version: dockerApi.ApiVersion;
  readonly params: Readonly<Record<string, string>>;
};

/** Finds the route of a method and a path with or without a version prefix. */
export type Router = (method: string, path: string) => Match;

/** Whether a route may be used; throws why not. */
export type Admission = (route: Route) => void;

/**
 * A router for a table of routes; the first that fits wins.
 *
 * @param admit asked about every route that fits, before anything else is looked at
 * @returns a function that throws what `admit` throws, DOCKER_ROUTE, DOCKER_ROUTE_VERSION, DOCKER_PATH or DOCKER_API_VERSION
 */
export function createRouter(routes: readonly Route[], admit: Admission = () => {}): Router {
  const compiled = routes.map((route) => ({ route, pattern: compilePath(route.path) }));
  return (method, path) => {
    const [, prefix, rest = path] = /^\/v(\d+\.\d+)(\/.*)$/.exec(path) ?? [];
    const version = prefix === undefined ? dockerApi.NEWEST_API_VERSION : dockerApi.parseApiVersion(prefix);
    for (const { route, pattern } of compiled) {
      const groups = route.method === method ? pattern.exec(rest) : null;
      if (groups === null) continue;
      admit(route);
      if (version < route.since) {
        const least = dockerApi.formatApiVersion(route.since);
        throw doorError("ROUTE_VERSION", `"${method} ${route.path}" requires minimum API version ${least}`);
      }
      return { route, version, params: decodeParams(groups.groups ?? {}) };
    }
    throw doorError("ROUTE", "page not found");
  };
}

function compilePath(path: string): RegExp {
  const source = path.replace(/\{(\w+)(\.\.\.)?\}/g, (_, name, many) =>
    many ? `(?<${name}>.+)` : `(?<${name}>[^/]+)`,
  );
  return new RegExp(`^${source}$`);
}

function decodeParams(groups: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(groups).map(([name, part]) => [name, decodePart(part)]));
}

function decodePart(part: string): string {
  let text: string;
  try {
    text = decodeURIComponent(part);
  } catch {
    throw doorError("PATH", `cannot read the path: "${part.slice(0, 100)}" is not percent-encoded`);
  }
  if (text.includes("\0")) throw doorError("PATH", "cannot read the path: it holds a NUL byte");
  return text;
}
