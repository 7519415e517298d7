import * as v from "valibot";
import type { ExecutionConfig } from "../oci-image/index.ts";
import { containerConfigFields } from "./container-config.ts";
import { struct } from "./fields.ts";
import { parseJson } from "./parse.ts";

const { Cmd, Entrypoint, Env, ExposedPorts, Labels, StopSignal, User, Volumes, WorkingDir } =
  containerConfigFields;

const commitBody = v.optional(
  struct({ Cmd, Entrypoint, Env, ExposedPorts, Labels, StopSignal, User, Volumes, WorkingDir }),
);

/**
 * The body of POST /commit: what an image has otherwise than the container. Source: swagger.yaml, operation `ImageCommit`
 *
 * @throws DOCKER_API_BODY with the JSON pointer of the first wrong field
 */
export function parseCommitBody(body: string): ExecutionConfig {
  const {
    ExposedPorts: ports,
    Volumes: volumes,
    ...others
  } = parseJson(commitBody, body, "the commit body") ?? {};
  const given = { ...others, ...emptied("ExposedPorts", ports), ...emptied("Volumes", volumes) };
  return Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined));
}

function emptied(member: string, names: object | undefined): Record<string, Record<string, object>> {
  if (names === undefined) return {};
  return { [member]: Object.fromEntries(Object.keys(names).map((name) => [name, {}])) };
}
