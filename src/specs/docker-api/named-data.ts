import type * as v from "valibot";
import { integer, optional, struct, text, textMap } from "./fields.ts";
import { parseJson } from "./parse.ts";

const createBody = struct({ Name: text, Data: text, Labels: optional(textMap) });

/** The most that a secret may have, in bytes; the limit is podman's. */
export const MAX_SECRET = 512_000;

/** The most that a config may have, in bytes; the limit is that of Docker's swarms. */
export const MAX_CONFIG = 1_024_000;

/** The body of POST /tug/secrets/create and /tug/configs/create; `Data` is in base64. */
export type DataCreateBody = v.InferOutput<typeof createBody>;

/**
 * @param what names the body in errors
 * @throws DOCKER_API_BODY with the JSON pointer of the first wrong field
 */
export function parseDataCreateBody(body: string, what: string): DataCreateBody {
  return parseJson(createBody, body, what);
}

const fileFields = {
  Source: text,
  Target: optional(text),
  UID: optional(integer),
  GID: optional(integer),
  Mode: optional(integer),
} as const;

/**
 * An entry of HostConfig.Secrets, which Docker does not have: a secret as a file, or with `Env` as the variable of that
 * name. `Mode` has permission bits.
 */
export const secretFile = struct({ ...fileFields, Env: optional(text) });

/** An entry of HostConfig.Configs, which Docker does not have either: a config as a file. */
export const configFile = struct(fileFields);

export type SecretFile = v.InferOutput<typeof secretFile>;
export type ConfigFile = v.InferOutput<typeof configFile>;

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

/** A config in answers. */
export type Config = Secret & {
  /** What it holds, in base64; only where one config was asked for. */
  readonly Data?: string;
};
