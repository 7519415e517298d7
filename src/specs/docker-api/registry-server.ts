import type * as v from "valibot";
import { flag, optional, struct, text } from "./fields.ts";
import { parseJson } from "./parse.ts";

const schema = struct({
  /** HOST:PORT. */
  Listen: text,
  /** What clients call the registry. */
  Name: optional(text),
  /** In PEM. */
  Certificate: optional(text),
  Key: optional(text),
  PlainHttp: optional(flag),
  /** Text of a file with users, and its name for errors. */
  Users: optional(text),
  UsersFile: optional(text),
  ReadOnly: optional(flag),
  /** The registry that it is a mirror of. */
  Mirror: optional(text),
});

/** Body of POST /tug/registry/serve. */
export type ServeRegistryBody = v.InferOutput<typeof schema>;

/** Reads the body of POST /tug/registry/serve. @throws DOCKER_API_BODY */
export function parseServeRegistryBody(body: string): ServeRegistryBody {
  return parseJson(schema, body, "the request for a registry");
}

/** One line of the answer to POST /tug/registry/serve: first that it listens, then each request that is over. */
export type RegistryMessage =
  | { readonly Listening: { readonly Url: string; readonly Name: string } }
  | { readonly Request: ServedRequest };

export type ServedRequest = {
  /** Milliseconds since the epoch. */
  readonly Time: number;
  readonly Remote: string;
  readonly User?: string | undefined;
  readonly Method: string;
  readonly Path: string;
  readonly Status: number;
  /** Bytes of the body that were sent. */
  readonly Bytes: number;
  readonly Milliseconds: number;
  /** Why it failed. */
  readonly Reason?: string | undefined;
};
