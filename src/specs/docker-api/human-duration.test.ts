import assert from "node:assert/strict";
import { test } from "node:test";
import { humanDuration } from "./human-duration.ts";

const HOUR = 3600;
const DAY = 24 * HOUR;

const words: [seconds: number, text: string][] = [
  [0.4, "Less than a second"],
  [1, "1 second"],
  [59.9, "59 seconds"],
  [60, "About a minute"],
  [150, "2 minutes"],
  [45 * 60, "45 minutes"],
  [HOUR, "About an hour"],
  [47 * HOUR, "47 hours"],
  [3 * DAY, "3 days"],
  [15 * DAY, "2 weeks"],
  [100 * DAY, "3 months"],
  [800 * DAY, "2 years"],
];

for (const [seconds, text] of words) {
  test(`${seconds} seconds are "${text}"`, () => assert.equal(humanDuration(seconds), text));
}
