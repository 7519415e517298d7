import type * as v from "valibot";
import { integer, optional, struct, text } from "./fields.ts";
import { resourcesFields } from "./host-config.ts";
import { parseJson } from "./parse.ts";

const updateBody = struct({
  ...resourcesFields,
  RestartPolicy: optional(struct({ Name: optional(text), MaximumRetryCount: optional(integer) })),
});

/** The body of POST /containers/{id}/update. Source: swagger.yaml, operation `ContainerUpdate`. */
export type UpdateBody = v.InferOutput<typeof updateBody>;

/** @throws DOCKER_API_BODY with the JSON pointer of the first wrong field */
export function parseUpdateBody(body: string): UpdateBody {
  return parseJson(updateBody, body, "the update body");
}

/** Answer to POST /containers/{id}/update. */
export type ContainerUpdated = { readonly Warnings: readonly string[] };
