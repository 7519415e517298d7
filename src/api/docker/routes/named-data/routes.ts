import { dockerApi } from "../../../../specs/index.ts";
import { json } from "../../answer.ts";
import { doorError } from "../../errors.ts";
import type { Handler, Route } from "../../route.ts";
import { idOf } from "../containers/lifecycle.ts";
import type { ConfigsPort, NamedDataView, SecretsPort } from "./port.ts";

/** The largest secret, or config, in base64, with a name and labels. */
const MAX_BODY_BYTES = 2 * 1024 * 1024;

/** The endpoints of secrets: tug's own, since Docker's are those of a swarm. */
export function secretRoutes(secrets: SecretsPort): readonly Route[] {
  return dataRoutes("secret", secrets, renderData);
}

/** The endpoints of configs, tug's own too. */
export function configRoutes(configs: ConfigsPort): readonly Route[] {
  return dataRoutes(
    "config",
    configs,
    (view): dockerApi.Config => ({
      ...renderData(view),
      Data: Buffer.from(configs.read(view.name)).toString("base64"),
    }),
  );
}

/** @param renderOne what is told of one that was asked for by its name */
function dataRoutes(
  kind: "secret" | "config",
  data: SecretsPort,
  renderOne: (view: NamedDataView) => dockerApi.Config,
): readonly Route[] {
  const list: Handler = async () => json(data.list().map(renderData));
  const inspect: Handler = async (request) => json(renderOne(data.get(idOf(request))));
  const create: Handler = async (request) => {
    const body = await request.body.json(MAX_BODY_BYTES);
    const { Name, Data, Labels } = dockerApi.parseDataCreateBody(body, `the ${kind} create body`);
    const made = data.create({ name: Name, data: fromBase64(kind, Data), labels: Labels ?? {} });
    return json(renderData(made), 201);
  };
  const remove: Handler = async (request) => {
    data.remove(idOf(request));
    return { kind: "empty", status: 204 };
  };
  const path = `/tug/${kind}s`;
  return [
    { method: "GET", path, access: `${kind}s:read`, since: 24, handler: list },
    { method: "POST", path: `${path}/create`, access: `${kind}s:create`, since: 24, handler: create },
    { method: "GET", path: `${path}/{id}`, access: `${kind}s:read`, since: 24, handler: inspect },
    { method: "DELETE", path: `${path}/{id}`, access: `${kind}s:remove`, since: 24, handler: remove },
  ];
}

function renderData({ name, createdAt, labels, size, users }: NamedDataView): dockerApi.Secret {
  return { Name: name, CreatedAt: createdAt, Labels: labels, Size: size, Containers: users };
}

/** The sentence does not show what it is about. */
function fromBase64(kind: string, text: string): Uint8Array {
  const bytes = Buffer.from(text, "base64");
  if (bytes.toString("base64") === text) return bytes;
  throw doorError("QUERY", `cannot read the ${kind}: /Data is not in base64`);
}
