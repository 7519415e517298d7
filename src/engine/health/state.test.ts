import assert from "node:assert/strict";
import { test } from "node:test";
import type { HealthCheck } from "./check.ts";
import { afterProbe, type Health, nextProbeAt, startingHealth } from "./state.ts";

const check: HealthCheck = {
  args: ["ok"],
  interval: 30_000,
  timeout: 1000,
  startPeriod: 0,
  startInterval: 2000,
  retries: 2,
  onUnhealthy: "none",
};

const run = "2026-01-01T00:00:00.000Z";
const at = (seconds: number): string => new Date(Date.parse(run) + seconds * 1000).toISOString();

/** The states after probes that begin so many seconds after the start, each a second long. */
function statesAfter(probes: readonly [seconds: number, exitCode: number][], options = check): string[] {
  let health: Health = startingHealth(run);
  return probes.map(([seconds, exitCode]) => {
    const result = { start: at(seconds), end: at(seconds + 1), exitCode, output: "" };
    health = afterProbe(health, result, options);
    return `${health.status} ${health.failingStreak}`;
  });
}

test("so many failures in a row make it unhealthy, one success healthy", () => {
  const states = statesAfter([
    [1, 1],
    [2, 0],
    [3, 7],
    [4, -1],
    [5, 1],
    [6, 0],
  ]);
  assert.deepEqual(states, [
    "starting 1",
    "healthy 0",
    "healthy 1",
    "unhealthy 2",
    "unhealthy 3",
    "healthy 0",
  ]);
});

test("failures do not count in the start period, unless it was healthy before", () => {
  const early = { ...check, startPeriod: 10_000, retries: 1 };
  assert.deepEqual(
    statesAfter(
      [
        [1, 1],
        [9, 1],
        [10, 1],
      ],
      early,
    ),
    ["starting 0", "starting 0", "unhealthy 1"],
  );
  assert.deepEqual(
    statesAfter(
      [
        [1, 0],
        [2, 1],
      ],
      early,
    ),
    ["healthy 0", "unhealthy 1"],
  );
});

test("the next probe comes an interval after the last one's end, more often in the start period", () => {
  const health = startingHealth(run);
  assert.equal(nextProbeAt(health, check), Date.parse(at(30)));
  const early = { ...check, startPeriod: 10_000 };
  assert.equal(nextProbeAt(health, early), Date.parse(at(2)));
  const failed = { start: at(2), end: at(3), exitCode: 1, output: "" };
  assert.equal(nextProbeAt(afterProbe(health, failed, early), early), Date.parse(at(5)));
  const succeeded = afterProbe(health, { ...failed, exitCode: 0 }, early);
  assert.equal(nextProbeAt(succeeded, early), Date.parse(at(33)));
  const late = afterProbe(health, { ...failed, start: at(11), end: at(12) }, early);
  assert.equal(nextProbeAt(late, early), Date.parse(at(42)));
});

test("five results are kept, those of the run before too", () => {
  let health = startingHealth(run);
  for (let index = 0; index < 7; index += 1) {
    health = afterProbe(health, { start: at(index), end: at(index), exitCode: index, output: "" }, check);
  }
  assert.deepEqual(
    health.log.map(({ exitCode }) => exitCode),
    [2, 3, 4, 5, 6],
  );
  const again = startingHealth(at(100), health);
  assert.deepEqual([again.status, again.failingStreak, again.log.length], ["starting", 0, 5]);
  assert.equal(nextProbeAt(again, check), Date.parse(at(130)));
});
