import assert from "node:assert/strict";
import { test } from "node:test";
import type { RestartRequest } from "../model/create-request.ts";
import { type EndOfRun, restartPause, startsAtBoot } from "./restart-policy.ts";

const end = (changes: Partial<EndOfRun> = {}): EndOfRun => ({
  exitCode: 1,
  ranFor: 5,
  byHand: false,
  atShutdown: false,
  restartCount: 0,
  pause: 0,
  ...changes,
});

const policy = (name: RestartRequest["policy"], maximumRetries = 0): RestartRequest => ({
  policy: name,
  maximumRetries,
});

test("pauses double from 100 ms to a minute, and begin anew after ten seconds of running", () => {
  const pauses = [0];
  for (let turn = 0; turn < 12; turn += 1) {
    pauses.push(restartPause(policy("always"), end({ pause: pauses.at(-1) ?? 0 })) ?? -1);
  }
  assert.deepEqual(
    pauses.slice(1),
    [100, 200, 400, 800, 1600, 3200, 6400, 12_800, 25_600, 51_200, 60_000, 60_000],
  );
  assert.equal(restartPause(policy("always"), end({ pause: 60_000, ranFor: 9999 })), 60_000);
  assert.equal(restartPause(policy("always"), end({ pause: 60_000, ranFor: 10_000 })), 100);
});

const decisions: [name: string, policy: RestartRequest, end: Partial<EndOfRun>, restarts: boolean][] = [
  ["no never does", policy("no"), {}, false],
  ["always does after success", policy("always"), { exitCode: 0 }, true],
  ["always does not after a stop", policy("always"), { byHand: true }, false],
  ["always does after a shutdown", policy("always"), { atShutdown: true, exitCode: 255 }, true],
  ["unless-stopped does after success", policy("unless-stopped"), { exitCode: 0 }, true],
  ["unless-stopped does not after a stop", policy("unless-stopped"), { byHand: true }, false],
  ["on-failure does not after success", policy("on-failure"), { exitCode: 0 }, false],
  ["on-failure does without a limit", policy("on-failure"), { restartCount: 1000 }, true],
  ["on-failure does below its limit", policy("on-failure", 3), { restartCount: 2 }, true],
  ["on-failure does not at its limit", policy("on-failure", 3), { restartCount: 3 }, false],
  ["on-failure does not after a shutdown", policy("on-failure"), { atShutdown: true, exitCode: 255 }, false],
];

for (const [name, request, changes, restarts] of decisions) {
  test(`policy ${name}`, () => {
    assert.equal(restartPause(request, end(changes)) !== undefined, restarts);
  });
}

test("after a boot, always starts what was stopped, unless-stopped does not", () => {
  const names = ["no", "on-failure", "unless-stopped", "always"] as const;
  assert.deepEqual(
    names.map((name) => [startsAtBoot(policy(name), false), startsAtBoot(policy(name), true)]),
    [
      [false, false],
      [false, false],
      [true, false],
      [true, true],
    ],
  );
});
