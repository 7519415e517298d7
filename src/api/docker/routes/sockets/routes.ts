import { dockerApi } from "../../../../specs/index.ts";
import { json, noContent } from "../../answer.ts";
import { doorError } from "../../errors.ts";
import type { Handler, Route } from "../../route.ts";
import { readAllowed } from "../../scope/access.ts";
import { idOf } from "../containers/lifecycle.ts";
import type { SocketRequest, SocketsPort, SocketView } from "./port.ts";

const MAX_BODY_BYTES = 64 * 1024;

/** The endpoints about scoped sockets, which Docker does not have. */
export function socketRoutes(sockets: SocketsPort): readonly Route[] {
  const list: Handler = async () => json(sockets.list().map(renderSocket));
  const inspect: Handler = async (request) => json(renderSocket(sockets.get(idOf(request))));
  const create: Handler = async (request) => {
    const body = dockerApi.parseSocketCreateBody(await request.body.json(MAX_BODY_BYTES));
    return json(renderSocket(await sockets.create(translate(body))), 201);
  };
  const remove: Handler = async (request) => {
    await sockets.remove(idOf(request));
    return noContent;
  };
  return [
    { method: "GET", path: "/tug/sockets", access: "owner", since: 24, handler: list },
    { method: "POST", path: "/tug/sockets/create", access: "owner", since: 24, handler: create },
    { method: "GET", path: "/tug/sockets/{id}", access: "owner", since: 24, handler: inspect },
    { method: "DELETE", path: "/tug/sockets/{id}", access: "owner", since: 24, handler: remove },
  ];
}

/** What a quota may say of each; the kernel makes nothing that is smaller. */
const least = { Containers: 1, Memory: 6 * 1024 * 1024, NanoCpus: 10_000_000, Pids: 1 } as const;

/** @throws DOCKER_SCOPE_POLICY */
function translate({
  Name,
  Allow,
  Scope,
  Quota = {},
  User,
  Mode = 0o600,
}: dockerApi.SocketCreateBody): SocketRequest {
  for (const [what, text] of [
    ["name", Name],
    ["scope", Scope ?? Name],
  ] as const) {
    if (/^[a-zA-Z0-9][a-zA-Z0-9_.-]{0,62}$/.test(text)) continue;
    throw doorError(
      "SCOPE_POLICY",
      `cannot make a socket with the ${what} ${JSON.stringify(text.slice(0, 100))}`,
      {
        hint: "use up to 63 letters, digits, _ . and -, and begin with a letter or a digit",
      },
    );
  }
  for (const [key, value] of Object.entries(Quota)) {
    const smallest = least[key as keyof typeof least];
    if (value === undefined || (value >= smallest && Number.isSafeInteger(value))) continue;
    throw doorError("SCOPE_POLICY", `cannot make the socket ${Name}: /Quota/${key} is below ${smallest}`);
  }
  if (Mode < 0 || Mode > 0o777)
    throw doorError("SCOPE_POLICY", `cannot make the socket ${Name}: /Mode has no permission bits`);
  return {
    name: Name,
    allow: readAllowed(Allow),
    scope: Scope ?? Name,
    quota: Quota,
    user: User || undefined,
    mode: Mode,
  };
}

function renderSocket({
  name,
  path,
  createdAt,
  allow,
  scope,
  quota,
  uid,
  gid,
  mode,
}: SocketView): dockerApi.Socket {
  return {
    Name: name,
    Path: path,
    CreatedAt: createdAt,
    Allow: allow,
    Scope: scope,
    Quota: quota,
    Uid: uid,
    Gid: gid,
    Mode: mode,
  };
}
