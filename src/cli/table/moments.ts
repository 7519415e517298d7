import { dockerApi } from "../../specs/index.ts";

/**
 * How long ago a moment was, in Docker's words.
 *
 * @param seconds since 1970
 * @param now milliseconds since 1970
 */
export function ago(seconds: number, now: number): string {
  return `${dockerApi.humanDuration(now / 1000 - seconds)} ago`;
}

/** A moment as Docker's lists print it, in UTC: `2026-01-02 03:04:05 +0000 UTC`. */
export function plainMoment(seconds: number): string {
  return `${new Date(seconds * 1000).toISOString().replace("T", " ").slice(0, 19)} +0000 UTC`;
}
