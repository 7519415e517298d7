import assert from "node:assert/strict";
import { test } from "node:test";
import { readBandwidth } from "./bandwidth.ts";

test("rates and bursts are bits, and become bytes", () => {
  assert.deepEqual(readBandwidth({}), {});
  assert.deepEqual(readBandwidth({ ingressRate: "8000000", ingressBurst: "800000" }), {
    ingress: { rate: 1_000_000, burst: 100_000 },
  });
  assert.deepEqual(readBandwidth({ egressRate: "1G", ingressRate: "80K" }), {
    ingress: { rate: 10_000, burst: 65_536 },
    egress: { rate: 125_000_000, burst: 1_250_000 },
  });
});

test("what is no rate is refused, and so is a burst without one", () => {
  for (const options of [
    { egressRate: "fast" },
    { egressRate: "-1" },
    { egressRate: "10m" },
    { egressBurst: "1M" },
  ]) {
    assert.throws(() => readBandwidth(options), { code: "DOCKER_CREATE_VALUE" });
  }
});
