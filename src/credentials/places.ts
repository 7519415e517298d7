import { join } from "node:path";

/** Where the credentials of somebody are. */
export type CredentialPlaces = {
  /** Files in the order in which they are looked at; not all of them need be there. The first is the one to write. */
  readonly files: readonly string[];
  /** The text of a file that comes before all others, from a variable. */
  readonly inline?: string | undefined;
};

/**
 * The places that the environment of a program leads to: `REGISTRY_AUTH_FILE` alone where it is set; else
 * `DOCKER_AUTH_CONFIG`, Docker's config.json, and the places of containers' auth.json.
 *
 * Source: https://docs.docker.com/reference/cli/docker/#environment-variables, and containers-auth.json(5)
 */
export function credentialPlaces(env: Readonly<Record<string, string | undefined>>): CredentialPlaces {
  if (env.REGISTRY_AUTH_FILE) return { files: [env.REGISTRY_AUTH_FILE] };
  const home = env.HOME || "/root";
  const runtime = env.XDG_RUNTIME_DIR ? join(env.XDG_RUNTIME_DIR, "containers") : "/run/containers/0";
  return {
    files: [
      join(env.DOCKER_CONFIG || join(home, ".docker"), "config.json"),
      join(runtime, "auth.json"),
      join(env.XDG_CONFIG_HOME || join(home, ".config"), "containers/auth.json"),
    ],
    inline: env.DOCKER_AUTH_CONFIG || undefined,
  };
}
