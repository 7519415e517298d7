import assert from "node:assert/strict";
import { test } from "node:test";
import type { LinuxResources } from "../../specs/oci-runtime/index.ts";
import { resourceWrites } from "./resources.ts";
import { annotatedProperties, limitProperties } from "./unit-properties.ts";

const layout = {
  version: "v2",
  hierarchies: [{ version: 2, controllers: [], mount: "/g", path: "/x" }],
} as const;

const shown = (resources: LinuxResources) =>
  Object.fromEntries(
    limitProperties(resourceWrites(resources, layout)).map(({ name, value }) => [name, value.value]),
  );

const infinity = (1n << 64n) - 1n;

test("limits are told in systemd's terms", () => {
  assert.deepEqual(
    shown({
      memory: { limit: 100n << 20n, swap: 150n << 20n, reservation: 1n << 20n },
      cpu: { shares: 1024n, quota: 50_000n, period: 100_000n, cpus: "0-2,9", mems: "0" },
      pids: { limit: 20n },
      blockIO: { weight: 500 },
    }),
    {
      MemoryMax: 100n << 20n,
      MemorySwapMax: 50n << 20n,
      MemoryLow: 1n << 20n,
      CPUWeight: 100n,
      CPUQuotaPerSecUSec: 500_000n,
      CPUQuotaPeriodUSec: 100_000n,
      AllowedCPUs: [0b111, 0b10],
      AllowedMemoryNodes: [1],
      TasksMax: 20n,
      IOWeight: 4950n,
    },
  );
});

test("no limit is infinity, and a part of a hundredth of a second is a whole one", () => {
  assert.deepEqual(shown({ memory: { limit: -1n }, cpu: { quota: -1n } }), {
    MemoryMax: infinity,
    MemorySwapMax: infinity,
    CPUQuotaPerSecUSec: infinity,
    CPUQuotaPeriodUSec: 100_000n,
  });
  assert.equal(shown({ cpu: { quota: 12_345n, period: 100_000n } }).CPUQuotaPerSecUSec, 130_000n);
  assert.deepEqual(
    shown({ cpu: { shares: 1024n, idle: 1n } as LinuxResources["cpu"] & object }).CPUWeight,
    0n,
  );
});

test("annotations are properties, durations in microseconds", () => {
  const found = annotatedProperties({
    "org.systemd.property.TimeoutStopSec": "uint64 2",
    "org.systemd.property.CollectMode": "'inactive-or-failed'",
    "org.systemd.property.RuntimeMaxUSec": "uint64 3",
    "org.systemd.property.lower": "'not a name'",
    "org.systemd.property.": "'none'",
    "org.example": "true",
  });
  assert.deepEqual(found, [
    { name: "TimeoutStopUSec", value: { signature: "t", value: 2_000_000n } },
    { name: "CollectMode", value: { signature: "s", value: "inactive-or-failed" } },
    { name: "RuntimeMaxUSec", value: { signature: "t", value: 3n } },
  ]);
});
