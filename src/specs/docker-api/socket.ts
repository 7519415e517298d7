import type * as v from "valibot";
import { integer, optional, struct, text, texts } from "./fields.ts";
import { parseJson } from "./parse.ts";

/**
 * The label that puts containers, volumes, networks, secrets and configs into a scope: whoever has a socket of that scope sees them,
 * and nothing else. Images do not hand it down.
 */
export const SCOPE_LABEL = "tug.scope";

const quota = struct({
  Containers: optional(integer),
  Memory: optional(integer),
  NanoCpus: optional(integer),
  Pids: optional(integer),
});

const createBody = struct({
  Name: text,
  Allow: texts,
  Scope: optional(text),
  Quota: optional(quota),
  User: optional(text),
  Mode: optional(integer),
});

/**
 * What is left out has no limit. `Containers` is how many there may be in the scope; the others are what each of them gets
 * at most, and what one has that asks for nothing: bytes, billionths of a processor, processes.
 */
export type SocketQuota = v.InferOutput<typeof quota>;

/** The body of POST /tug/sockets/create. `User` is `USER[:GROUP]`, names or numbers; `Mode` has permission bits. */
export type SocketCreateBody = v.InferOutput<typeof createBody>;

/** @throws DOCKER_API_BODY with the JSON pointer of the first wrong field */
export function parseSocketCreateBody(body: string): SocketCreateBody {
  return parseJson(createBody, body, "the socket create body");
}

/** A scoped socket in answers. */
export type Socket = {
  readonly Name: string;
  /** Where it listens. */
  readonly Path: string;
  /** RFC 3339. */
  readonly CreatedAt: string;
  /** Each single thing that it allows, such as `containers:read`. */
  readonly Allow: readonly string[];
  /** Value of the label `tug.scope`. */
  readonly Scope: string;
  readonly Quota: SocketQuota;
  /** Numbers of its owner and group. */
  readonly Uid: number;
  readonly Gid: number;
  /** Permission bits. */
  readonly Mode: number;
};
