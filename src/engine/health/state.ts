import type { HealthState, Timestamp } from "../model/container-view.ts";
import type { HealthCheck } from "./check.ts";

/** The health of one run of a container, as it is kept. */
export type Health = HealthState & {
  /** When the run began. */
  readonly run: Timestamp;
};

/** How a probe has ended. */
export type ProbeResult = HealthState["log"][number];

/** The exit code of a probe that took too long or could not be executed. */
export const NOT_RUN = -1;

/** So many results are kept. */
const KEPT = 5;

/** The health of a container that has just been started; what was found before stays to be read. */
export function startingHealth(run: Timestamp, before?: HealthState): Health {
  return { run, status: "starting", failingStreak: 0, log: before?.log ?? [] };
}

/**
 * The health after one more probe.
 * Source: https://github.com/moby/moby/blob/v28.5.1/daemon/health.go handleProbeResult
 */
export function afterProbe(health: Health, result: ProbeResult, check: HealthCheck): Health {
  const log = [...health.log, result].slice(-KEPT);
  if (result.exitCode === 0) return { ...health, log, status: "healthy", failingStreak: 0 };
  if (isStarting(health, check, Date.parse(result.start))) return { ...health, log };
  const failingStreak = health.failingStreak + 1;
  const status = failingStreak >= check.retries ? "unhealthy" : health.status;
  return { ...health, log, status, failingStreak };
}

/** When the next probe begins, in milliseconds since 1970. */
export function nextProbeAt(health: Health, check: HealthCheck): number {
  const began = Date.parse(health.run);
  const last = Math.max(began, Date.parse(health.log.at(-1)?.end ?? "") || 0);
  const isEarly = isStarting(health, check, last) && check.startPeriod > 0;
  return last + (isEarly ? Math.min(check.startInterval, check.interval) : check.interval);
}

/** Whether a moment is in the start period, and no probe has succeeded yet. */
function isStarting({ status, run }: Health, { startPeriod }: HealthCheck, moment: number): boolean {
  return status === "starting" && moment - Date.parse(run) < startPeriod;
}
