import type { Credentials } from "../../credentials/index.ts";
import type { RegistryAuth } from "../../specs/docker-api/index.ts";

/** What a client sends as X-Registry-Auth, as credentials. */
export function credentialsOf(auth: RegistryAuth): Credentials {
  const { username = "", password = "", identitytoken, registrytoken } = auth;
  if (registrytoken) return { registryToken: registrytoken };
  if (identitytoken) return { identityToken: identitytoken };
  return { username, password };
}
