import * as v from "valibot";
import { flag, integer, mapOf, optional, struct, text, textMap, texts } from "./fields.ts";

/** A command or entrypoint: a list, or one text, which old clients send. */
const commandLine = v.pipe(
  v.union([texts, text]),
  v.transform((value) => (typeof value === "string" ? [value] : value)),
);

/** A set of names written as an object with empty values. */
const nameSet = mapOf(v.unknown());

/**
 * How a container is probed. Durations are in nanoseconds. `Test` starts with NONE, CMD or CMD-SHELL. `OnUnhealthy` is not
 * Docker's: what is done when it has become unhealthy.
 */
export const healthConfig = struct({
  Test: optional(texts),
  Interval: optional(integer),
  Timeout: optional(integer),
  StartPeriod: optional(integer),
  StartInterval: optional(integer),
  Retries: optional(integer),
  OnUnhealthy: optional(text),
});

/** The part of a create body that does not depend on the host. Source: swagger.yaml, `ContainerConfig`. */
export const containerConfigFields = {
  Hostname: optional(text),
  Domainname: optional(text),
  User: optional(text),
  AttachStdin: optional(flag),
  AttachStdout: optional(flag),
  AttachStderr: optional(flag),
  ExposedPorts: optional(nameSet),
  Tty: optional(flag),
  OpenStdin: optional(flag),
  StdinOnce: optional(flag),
  Env: optional(texts),
  Cmd: optional(commandLine),
  Entrypoint: optional(commandLine),
  Image: optional(text),
  Volumes: optional(nameSet),
  WorkingDir: optional(text),
  Labels: optional(textMap),
  StopSignal: optional(text),
  StopTimeout: optional(integer),
  Healthcheck: optional(healthConfig),
  NetworkDisabled: optional(flag),
} as const;

/** Source: swagger.yaml, `ContainerConfig`. */
export type ContainerConfig = v.InferOutput<ReturnType<typeof struct<typeof containerConfigFields>>>;

/** Source: swagger.yaml, `HealthConfig`. */
export type HealthConfig = v.InferOutput<typeof healthConfig>;
