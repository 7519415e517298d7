import assert from "node:assert/strict";
import { test } from "node:test";
import { healthCheckOf, mergeHealthcheck } from "./check.ts";

const second = 1_000_000_000;
const image = {
  Healthcheck: { Test: ["CMD-SHELL", "curl -f localhost"], Interval: 10 * second, Retries: 5 },
};

test("what a request leaves out is the image's, what the image leaves out is the default", () => {
  const check = healthCheckOf({ test: { kind: "inherit" }, timeout: 2 * second, retries: 1 }, image);
  assert.deepEqual(check, {
    args: ["/bin/sh", "-c", "curl -f localhost"],
    interval: 10_000,
    timeout: 2000,
    startPeriod: 0,
    startInterval: 5000,
    retries: 1,
    onUnhealthy: "none",
  });
  assert.deepEqual(healthCheckOf(undefined, image)?.retries, 5);
  assert.deepEqual(healthCheckOf({ test: { kind: "exec", args: ["ok"] } }, {})?.interval, 30_000);
});

test("an image's shell runs scripts, programs run as they are", () => {
  const Shell = ["/bin/bash", "-ec"];
  const shell = healthCheckOf({ test: { kind: "shell", script: "a b" } }, { Shell });
  assert.deepEqual(shell?.args, [...Shell, "a b"]);
  const exec = healthCheckOf({ test: { kind: "exec", args: ["a", "b"] } }, { Shell });
  assert.deepEqual(exec?.args, ["a", "b"]);
});

test("nothing is probed where nobody asks, or somebody says not to", () => {
  assert.equal(healthCheckOf(undefined, {}), undefined);
  assert.equal(healthCheckOf({ test: { kind: "none" } }, image), undefined);
  assert.equal(healthCheckOf({ test: { kind: "inherit" } }, {}), undefined);
  assert.equal(healthCheckOf(undefined, { Healthcheck: { Test: ["NONE"] } }), undefined);
  assert.equal(healthCheckOf(undefined, { Healthcheck: { Test: ["SOMETHING", "else"] } }), undefined);
});

test("what is shown is what was merged", () => {
  const merged = mergeHealthcheck({ test: { kind: "inherit" }, onUnhealthy: "kill" }, image);
  assert.deepEqual(merged?.test, { kind: "shell", script: "curl -f localhost" });
  assert.deepEqual([merged?.interval, merged?.onUnhealthy], [10 * second, "kill"]);
});
