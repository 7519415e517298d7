import type { EngineContext } from "../context.ts";
import { engineError } from "../errors.ts";
import type { CreateContainerRequest } from "../model/create-request.ts";
import type { SecretRecord } from "./secrets.ts";

/** A secret with the ids of the containers that have it. */
export type SecretView = SecretRecord & { readonly users: readonly string[] };

export type SecretRequest = {
  readonly name: string;
  readonly data: Uint8Array;
  readonly labels: Readonly<Record<string, string>>;
};

/** The secrets of an engine, for its doors. Nobody gets one back. */
export interface SecretService {
  /** By name. */
  list(): SecretView[];
  /** @throws ENGINE_SECRET_NOT_FOUND */
  get(name: string): SecretView;
  /** @throws ENGINE_SECRET_INVALID, ENGINE_SECRET_NAME_TAKEN */
  create(request: SecretRequest): SecretView;
  /** @throws ENGINE_SECRET_NOT_FOUND, ENGINE_SECRET_IN_USE */
  remove(name: string): void;
}

/** The names of the secrets that a container has. */
export function secretsOf({ mounts, secretEnv = [] }: CreateContainerRequest): string[] {
  const files = mounts.flatMap((mount) => (mount.type === "secret" ? [mount.secret] : []));
  return [...files, ...secretEnv.map(({ secret }) => secret)];
}

/** The secrets of an engine, with the containers that have them. */
export function openSecretService({ secrets, store }: EngineContext): SecretService {
  const view = (secret: SecretRecord): SecretView => ({
    ...secret,
    users: store
      .list()
      .filter(({ request }) => secretsOf(request).includes(secret.name))
      .map(({ id }) => id),
  });
  return {
    list: () => secrets.list().map(view),
    get: (name) => view(secrets.find(name)),
    create: ({ name, data, labels }) => view(secrets.add(name, data, labels)),
    remove(name) {
      const { users } = view(secrets.find(name));
      if (users.length > 0) {
        throw engineError(
          "SECRET_IN_USE",
          `cannot remove secret ${name}: containers have it: ${users.join(", ")}`,
          {
            hint: "remove these containers first",
          },
        );
      }
      secrets.remove(name);
    },
  };
}
