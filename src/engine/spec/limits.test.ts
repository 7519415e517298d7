import assert from "node:assert/strict";
import { test } from "node:test";
import { plainRequest } from "../testing/request.ts";
import { changedLimits, specLimits } from "./limits.ts";

const { resources } = plainRequest();

test("only what differs is changed", () => {
  const before = specLimits({ ...resources, memory: 100, cpuShares: 5, cpusetCpus: "0" });
  const after = specLimits({ ...resources, memory: 200, cpuShares: 5, cpusetCpus: "0-1" });
  assert.deepEqual(changedLimits(before, after), {
    memory: { limit: 200n, swap: 400n },
    cpu: { cpus: "0-1" },
  });
  assert.deepEqual(changedLimits(after, after), {});
});

test("a limit that goes becomes none, where there is a word for it", () => {
  const none = specLimits(resources);
  const some = specLimits({ ...resources, memory: 100, pidsLimit: 7, nanoCpus: 5e8, cpusetCpus: "0" });
  assert.deepEqual(changedLimits(some, none), {
    memory: { limit: -1n, swap: -1n },
    cpu: { quota: -1n },
    pids: { limit: -1n },
  });
});
