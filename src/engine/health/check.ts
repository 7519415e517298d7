import type { HealthcheckRequest, UnhealthyAction } from "../model/create-request.ts";
import type { ImageDefaults } from "../spec/input.ts";

/** How a container is probed. Durations in milliseconds. */
export type HealthCheck = {
  /** The program and its arguments. */
  readonly args: readonly string[];
  /** From the end of one probe to the begin of the next. */
  readonly interval: number;
  /** A probe that takes longer has failed. */
  readonly timeout: number;
  /** So long after the container's start a failure does not count, unless a probe has succeeded before. */
  readonly startPeriod: number;
  /** The interval meanwhile. */
  readonly startInterval: number;
  /** So many failures in a row make it unhealthy. */
  readonly retries: number;
  readonly onUnhealthy: UnhealthyAction;
};

/** Source: https://github.com/moby/moby/blob/v28.5.1/daemon/health.go */
const defaults = { interval: 30_000, timeout: 30_000, startPeriod: 0, startInterval: 5000, retries: 3 };

const MILLISECOND = 1_000_000;

const DEFAULT_SHELL = ["/bin/sh", "-c"];

/** The check of a request on an image: what the request leaves out is the image's. */
export function mergeHealthcheck(
  asked: HealthcheckRequest | undefined,
  image: ImageDefaults,
): HealthcheckRequest | undefined {
  const own = imageHealthcheck(image);
  if (asked === undefined) return own;
  return {
    test: asked.test.kind === "inherit" ? (own?.test ?? asked.test) : asked.test,
    interval: asked.interval ?? own?.interval,
    timeout: asked.timeout ?? own?.timeout,
    startPeriod: asked.startPeriod ?? own?.startPeriod,
    startInterval: asked.startInterval ?? own?.startInterval,
    retries: asked.retries ?? own?.retries,
    onUnhealthy: asked.onUnhealthy,
  };
}

/** What is carried out of it; undefined for a container that is not probed. */
export function healthCheckOf(
  asked: HealthcheckRequest | undefined,
  image: ImageDefaults,
): HealthCheck | undefined {
  const merged = mergeHealthcheck(asked, image);
  const args = merged && argumentsOf(merged.test, image.Shell ?? DEFAULT_SHELL);
  if (merged === undefined || args === undefined) return undefined;
  const duration = (key: Exclude<keyof typeof defaults, "retries">): number =>
    merged[key] ? merged[key] / MILLISECOND : defaults[key];
  return {
    args,
    interval: duration("interval"),
    timeout: duration("timeout"),
    startPeriod: duration("startPeriod"),
    startInterval: duration("startInterval"),
    retries: merged.retries || defaults.retries,
    onUnhealthy: merged.onUnhealthy ?? "none",
  };
}

/** An image's own check; one of a kind that nobody knows is none. */
function imageHealthcheck({ Healthcheck: check }: ImageDefaults): HealthcheckRequest | undefined {
  const [kind, ...rest] = check?.Test ?? [];
  const test = imageTest(kind, rest);
  if (check === undefined || check === null || test === undefined) return undefined;
  return {
    test,
    interval: check.Interval,
    timeout: check.Timeout,
    startPeriod: check.StartPeriod,
    startInterval: check.StartInterval,
    retries: check.Retries,
  };
}

function imageTest(
  kind: string | undefined,
  rest: readonly string[],
): HealthcheckRequest["test"] | undefined {
  if (kind === "NONE") return { kind: "none" };
  if (kind === "CMD" && rest.length > 0) return { kind: "exec", args: rest };
  if (kind === "CMD-SHELL" && rest[0] !== undefined) return { kind: "shell", script: rest[0] };
  return undefined;
}

function argumentsOf(
  test: HealthcheckRequest["test"],
  shell: readonly string[],
): readonly string[] | undefined {
  if (test.kind === "exec") return test.args;
  return test.kind === "shell" ? [...shell, test.script] : undefined;
}
