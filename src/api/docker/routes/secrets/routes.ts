import { dockerApi } from "../../../../specs/index.ts";
import { json } from "../../answer.ts";
import { doorError } from "../../errors.ts";
import type { Handler, Route } from "../../route.ts";
import { idOf } from "../containers/lifecycle.ts";
import type { SecretsPort, SecretView } from "./port.ts";

/** The largest secret in base64, with a name and labels. */
const MAX_BODY_BYTES = 1024 * 1024;

/** The endpoints of secrets: tug's own, since Docker's are those of a swarm. */
export function secretRoutes(secrets: SecretsPort): readonly Route[] {
  const list: Handler = async () => json(secrets.list().map(renderSecret));
  const inspect: Handler = async (request) => json(renderSecret(secrets.get(idOf(request))));
  const create: Handler = async (request) => {
    const { Name, Data, Labels } = dockerApi.parseSecretCreateBody(await request.body.json(MAX_BODY_BYTES));
    const secret = secrets.create({ name: Name, data: fromBase64(Data), labels: Labels ?? {} });
    return json(renderSecret(secret), 201);
  };
  const remove: Handler = async (request) => {
    secrets.remove(idOf(request));
    return { kind: "empty", status: 204 };
  };
  return [
    { method: "GET", path: "/tug/secrets", access: "secrets:read", since: 24, handler: list },
    { method: "POST", path: "/tug/secrets/create", access: "secrets:create", since: 24, handler: create },
    { method: "GET", path: "/tug/secrets/{id}", access: "secrets:read", since: 24, handler: inspect },
    { method: "DELETE", path: "/tug/secrets/{id}", access: "secrets:remove", since: 24, handler: remove },
  ];
}

function renderSecret({ name, createdAt, labels, size, users }: SecretView): dockerApi.Secret {
  return { Name: name, CreatedAt: createdAt, Labels: labels, Size: size, Containers: users };
}

/** The sentence does not show what it is about. */
function fromBase64(text: string): Uint8Array {
  const bytes = Buffer.from(text, "base64");
  if (bytes.toString("base64") === text) return bytes;
  throw doorError("QUERY", "cannot read the secret: /Data is not in base64");
}
