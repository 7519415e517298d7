import type * as v from "valibot";
import { containerConfigFields } from "./container-config.ts";
import { integer, mapOf, optional, struct, text, texts } from "./fields.ts";
import { hostConfig } from "./host-config.ts";
import { parseJson } from "./parse.ts";

/** How a container is on a network. Source: swagger.yaml, `EndpointSettings`. */
export const endpoint = struct({
  Aliases: optional(texts),
  Links: optional(texts),
  MacAddress: optional(text),
  GwPriority: optional(integer),
  IPAMConfig: optional(struct({ IPv4Address: optional(text), IPv6Address: optional(text) })),
});

const createBody = struct({
  ...containerConfigFields,
  HostConfig: optional(hostConfig),
  NetworkingConfig: optional(struct({ EndpointsConfig: optional(mapOf(optional(endpoint))) })),
});

/** The body of POST /containers/create. Source: swagger.yaml, operation `ContainerCreate`. */
export type CreateBody = v.InferOutput<typeof createBody>;

/**
 * The body of POST /containers/create.
 *
 * @throws DOCKER_API_BODY with the JSON pointer of the first wrong field
 */
export function parseCreateBody(body: string): CreateBody {
  return parseJson(createBody, body, "the create body");
}
