import { resolve } from "node:path";
import type { Client } from "../api/docker/client/index.ts";
import {
  type CredentialPlaces,
  type Credentials,
  credentialPlaces,
  findCredentials,
} from "../credentials/index.ts";
import { dockerApi } from "../specs/index.ts";
import type { CliContext } from "./context.ts";

/** A client whose pulls and pushes carry the caller's own credentials, unless they bring others. */
export function withRegistryAuth(client: Client, context: CliContext): Client {
  const find = async (image: string, signal?: AbortSignal): Promise<dockerApi.RegistryAuth | undefined> => {
    const { name } = dockerApi.splitReference(dockerApi.fullReference(image));
    const found = await findCredentials(placesOf(context), { env: context.env })(name, signal);
    return found && formatAuth(found);
  };
  const { images } = client;
  return {
    ...client,
    images: {
      ...images,
      async *pull(image, options = {}) {
        const auth = options.auth ?? (await find(image, options.signal));
        yield* images.pull(image, { ...options, auth });
      },
      async *push(image, options = {}) {
        const auth = options.auth ?? (await find(image, options.signal));
        yield* images.push(image, { ...options, auth });
      },
    },
  };
}

/** Where the caller's credentials are. */
export function placesOf({ env, cwd }: CliContext): CredentialPlaces {
  const places = credentialPlaces(env);
  return { ...places, files: places.files.map((file) => resolve(cwd, file)) };
}

/** Credentials as the engine takes them. */
export function formatAuth(credentials: Credentials): dockerApi.RegistryAuth {
  if ("registryToken" in credentials) return { registrytoken: credentials.registryToken };
  if ("identityToken" in credentials) return { identitytoken: credentials.identityToken };
  return credentials;
}
