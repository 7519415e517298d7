import type { dockerApi } from "../../../specs/index.ts";
import { cliError } from "../../errors.ts";
import type { CreateValues } from "./create-body.ts";

/** The health check that the options ask for, or undefined to leave the image's as it is. @throws CLI_CONFLICT */
export function buildHealthcheck(values: CreateValues): dockerApi.HealthConfig | undefined {
  const command = values["health-cmd"];
  const timing = {
    Interval: values["health-interval"],
    Timeout: values["health-timeout"],
    StartPeriod: values["health-start-period"],
    StartInterval: values["health-start-interval"],
    Retries: values["health-retries"],
    OnUnhealthy: values["on-unhealthy"],
  };
  const asked = command !== undefined || Object.values(timing).some((value) => value !== undefined);
  if (values["no-healthcheck"]) {
    if (asked) throw cliError("CONFLICT", "--no-healthcheck conflicts with --health-* options");
    return { Test: ["NONE"] };
  }
  if (!asked) return undefined;
  return { Test: command === undefined ? undefined : ["CMD-SHELL", command], ...timing };
}
