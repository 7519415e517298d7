import { setTimeout as sleep } from "node:timers/promises";
import { errnoOf } from "../../base/index.ts";

/** Waits. Tests replace it. */
export type Delay = (milliseconds: number, signal?: AbortSignal) => Promise<void>;

export const realDelay: Delay = (milliseconds, signal) =>
  sleep(milliseconds, undefined, signal === undefined ? {} : { signal });

/** How often a request is sent in all. */
const attempts = 5;
/** The same for a server that cannot be reached at all: people who are offline should not wait. */
const attemptsToConnect = 2;
/** The longest wait that a server may ask for, in milliseconds. */
const longestWait = 60_000;

const unreachable = [
  "ECONNREFUSED",
  "ENOTFOUND",
  "EAI_AGAIN",
  "EHOSTUNREACH",
  "ENETUNREACH",
  "EADDRNOTAVAIL",
  "ERR_CONNECT_TIMEOUT",
];
const broken = ["ECONNRESET", "EPIPE", "ETIMEDOUT", "ECONNABORTED", "ERR_STREAM_PREMATURE_CLOSE", "EPROTO"];

/** Statuses that may be different a little later. */
export function isTransientStatus(status: number): boolean {
  return [408, 429, 500, 502, 503, 504].includes(status);
}

/** Whether the error is one of the connection, so that nothing was said about the request itself. */
export function isTransportError(error: unknown): boolean {
  const code = errnoOf(error) ?? "";
  return isUnreachable(error) || broken.includes(code);
}

/** Whether there was no connection at all. */
export function isUnreachable(error: unknown): boolean {
  return unreachable.includes(errnoOf(error) ?? "");
}

/**
 * How long to wait before the next attempt, or undefined when there should be none.
 *
 * @param attempt how many were made already
 * @param cause the transport's error, or a transient status with the server's Retry-After header
 */
export function waitBefore(
  attempt: number,
  cause: { error: unknown } | { retryAfter: string | undefined; now: number },
): number | undefined {
  const backOff = 250 * 2 ** attempt;
  if ("error" in cause) {
    const most = isUnreachable(cause.error) ? attemptsToConnect : attempts;
    return isTransportError(cause.error) && attempt < most ? backOff : undefined;
  }
  if (attempt >= attempts) return undefined;
  const asked = parseRetryAfter(cause.retryAfter, cause.now) ?? backOff;
  return asked <= longestWait ? Math.max(asked, 0) : undefined;
}

/** Milliseconds that a Retry-After header asks for. Source: https://www.rfc-editor.org/rfc/rfc9110#section-10.2.3 */
export function parseRetryAfter(value: string | undefined, now: number): number | undefined {
  if (value === undefined) return undefined;
  if (/^\d{1,9}$/.test(value)) return Number(value) * 1000;
  const date = Date.parse(value);
  return Number.isNaN(date) ? undefined : date - now;
}
