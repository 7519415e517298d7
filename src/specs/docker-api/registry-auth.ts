import type * as v from "valibot";
import { optional, struct, text } from "./fields.ts";
import { parseJson } from "./parse.ts";

/** See `RegistryAuth`. */
export const registryAuthSchema = struct({
  username: optional(text),
  password: optional(text),
  identitytoken: optional(text),
  registrytoken: optional(text),
  serveraddress: optional(text),
});

/** What the X-Registry-Auth header carries. Source: swagger.yaml, "Authentication". */
export type RegistryAuth = v.InferOutput<typeof registryAuthSchema>;

/**
 * Reads the header: base64url of a JSON object. Nothing, `{}` and what cannot be read count as "no credentials": clients
 * send odd values, and a pull without credentials then gets the registry's own answer.
 */
export function parseRegistryAuth(header: string | undefined): RegistryAuth | undefined {
  if (header === undefined || header.length > 32_768) return undefined;
  try {
    const auth = parseJson(
      registryAuthSchema,
      Buffer.from(header, "base64").toString(),
      "the X-Registry-Auth header",
    );
    return Object.values(auth).some((value) => value !== undefined && value !== "") ? auth : undefined;
  } catch {
    return undefined;
  }
}

/** Reads the body of POST /auth. @throws DOCKER_API_BODY */
export function parseAuthBody(body: string): RegistryAuth {
  return parseJson(registryAuthSchema, body, "the credentials");
}

/** Answer to POST /auth. Source: swagger.yaml, operation `SystemAuth`. The token is empty where there is none. */
export type AuthAnswer = { readonly Status: string; readonly IdentityToken: string };

/** The header for credentials. */
export function formatRegistryAuth(auth: RegistryAuth): string {
  return Buffer.from(JSON.stringify(auth)).toString("base64url");
}
