import type * as v from "valibot";
import { integer, optional, struct, text, textMap } from "./fields.ts";
import { parseJson } from "./parse.ts";

const createBody = struct({ Name: text, Data: text, Labels: optional(textMap) });

/** The most that a secret may have, in bytes; the limit is podman's. */
export const MAX_SECRET = 512_000;

/** The body of POST /tug/secrets/create; `Data` is in base64. */
export type SecretCreateBody = v.InferOutput<typeof createBody>;

/** @throws DOCKER_API_BODY with the JSON pointer of the first wrong field */
export function parseSecretCreateBody(body: string): SecretCreateBody {
  return parseJson(createBody, body, "the secret create body");
}

/**
 * An entry of HostConfig.Secrets, which Docker does not have: a secret as a file, or with `Env` as the variable of that
 * name. `Mode` has permission bits.
 */
export const secretFile = struct({
  Source: text,
  Env: optional(text),
  Target: optional(text),
  UID: optional(integer),
  GID: optional(integer),
  Mode: optional(integer),
});

export type SecretFile = v.InferOutput<typeof secretFile>;

/** A secret in answers, which never hold what is secret. */
export type Secret = {
  readonly Name: string;
  /** RFC 3339. */
  readonly CreatedAt: string;
  readonly Labels: Readonly<Record<string, string>>;
  /** Bytes. */
  readonly Size: number;
  /** Ids of the containers that have it. */
  readonly Containers: readonly string[];
};
