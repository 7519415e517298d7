import type {
  CreateContainerRequest,
  HealthcheckRequest,
  RestartRequest,
} from "../../../../../engine/index.ts";
import { dockerApi } from "../../../../../specs/index.ts";
import { type OriginCollector, refuse } from "./origins.ts";

const policies = ["no", "always", "unless-stopped", "on-failure"] as const;

/**
 * When a container is started again.
 *
 * @throws DOCKER_CREATE_VALUE in Docker's words
 */
export function translateRestart(host: dockerApi.HostConfig): RestartRequest {
  const { Name, MaximumRetryCount: maximumRetries = 0 } = host.RestartPolicy ?? {};
  const path = ["HostConfig", "RestartPolicy"];
  const policy = policies.find((known) => known === (Name || "no"));
  if (policy === undefined) {
    const choices = policies.map((known) => `'${known}'`).join(", ");
    throw refuse(
      [...path, "Name"],
      `invalid restart policy: unknown policy '${Name}'; use one of ${choices}`,
    );
  }
  if (maximumRetries < 0) {
    throw refuse(
      [...path, "MaximumRetryCount"],
      "invalid restart policy: maximum retry count cannot be negative",
    );
  }
  if (maximumRetries > 0 && policy !== "on-failure") {
    const reason = "invalid restart policy: maximum retry count can only be used with 'on-failure'";
    throw refuse([...path, "MaximumRetryCount"], reason);
  }
  if (policy !== "no" && host.AutoRemove) {
    throw refuse(["HostConfig", "AutoRemove"], "can't create 'AutoRemove' container with restart policy");
  }
  return { policy, maximumRetries };
}

/**
 * When systemd boots in it. The label is for clients that know nothing else.
 *
 * @throws DOCKER_CREATE_VALUE
 */
export function translateSystemd(
  { HostConfig = {}, Labels = {} }: Pick<dockerApi.CreateBody, "HostConfig" | "Labels">,
  { given }: OriginCollector,
): CreateContainerRequest["systemd"] {
  const label = Labels[dockerApi.SYSTEMD_LABEL];
  const [path, value] = HostConfig.Systemd
    ? [["HostConfig", "Systemd"], HostConfig.Systemd]
    : [["Labels", dockerApi.SYSTEMD_LABEL], label];
  const asked = given("systemd", path, value);
  const mode = dockerApi.systemdModes.find((known) => known === asked);
  if (asked === undefined || mode === "false") return undefined;
  if (mode !== undefined) return mode;
  throw refuse(path, `it must be one of ${dockerApi.systemdModes.join(", ")}, and is "${asked}"`);
}

const MILLISECOND = 1_000_000;

/**
 * How a container is probed, or undefined when the body does not say.
 *
 * @throws DOCKER_CREATE_VALUE for an unknown kind of test or a duration below a millisecond
 */
export function translateHealthcheck(
  config: dockerApi.HealthConfig | undefined,
): HealthcheckRequest | undefined {
  if (config === undefined) return undefined;
  for (const key of ["Interval", "Timeout", "StartPeriod", "StartInterval"] as const) {
    const value = config[key] ?? 0;
    if (value !== 0 && value < MILLISECOND) {
      throw refuse(["Healthcheck", key], `${key} in Healthcheck cannot be less than 1ms`);
    }
  }
  if ((config.Retries ?? 0) < 0)
    throw refuse(["Healthcheck", "Retries"], "Retries in Healthcheck cannot be negative");
  return {
    test: readTest(config.Test ?? []),
    interval: config.Interval || undefined,
    timeout: config.Timeout || undefined,
    startPeriod: config.StartPeriod || undefined,
    startInterval: config.StartInterval || undefined,
    retries: config.Retries || undefined,
    onUnhealthy: readAction(config.OnUnhealthy || undefined),
  };
}

const actions = ["none", "restart", "kill", "stop"] as const;

function readAction(text: string | undefined): HealthcheckRequest["onUnhealthy"] {
  const action = actions.find((known) => known === text);
  if (action !== undefined || text === undefined) return action;
  throw refuse(["Healthcheck", "OnUnhealthy"], `it must be one of ${actions.join(", ")}`);
}

function readTest(test: readonly string[]): HealthcheckRequest["test"] {
  const [kind, ...rest] = test;
  if (kind === undefined) return { kind: "inherit" };
  if (kind === "NONE") return { kind: "none" };
  if (kind === "CMD" && rest.length > 0) return { kind: "exec", args: rest };
  if (kind === "CMD-SHELL" && rest[0] !== undefined) return { kind: "shell", script: rest[0] };
  throw refuse(["Healthcheck", "Test"], "it must be NONE, CMD with arguments or CMD-SHELL with a script");
}
