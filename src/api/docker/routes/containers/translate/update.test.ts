import assert from "node:assert/strict";
import { test } from "node:test";
import { translateUpdate } from "./update.ts";

/** The limits that a body changes. */
function limits(body: Parameters<typeof translateUpdate>[0]) {
  const { limits: all } = translateUpdate(body);
  return Object.fromEntries(Object.entries(all).filter(([, value]) => value !== undefined));
}

test("what clients send for what they do not change is left out", () => {
  const zeros = { Memory: 0, NanoCpus: 0, CpuShares: 0, CpusetCpus: "", BlkioWeight: 0, Devices: [] };
  assert.deepEqual(limits({ ...zeros, RestartPolicy: { Name: "", MaximumRetryCount: 0 } }), {});
  assert.equal(translateUpdate({ RestartPolicy: { Name: "" } }).restart, undefined);
});

test("limits and policy are taken over with the places that they came from", () => {
  const { from, restart } = translateUpdate({
    Memory: 7_000_000,
    RestartPolicy: { Name: "on-failure", MaximumRetryCount: 3 },
  });
  assert.deepEqual(restart, { policy: "on-failure", maximumRetries: 3 });
  assert.deepEqual(from, { "resources.memory": "/HostConfig/Memory" });
});

test("no limit of processes is told from one that stays as it is", () => {
  assert.deepEqual(limits({ PidsLimit: -1 }), { pidsLimit: -1 });
  assert.deepEqual(limits({ PidsLimit: 0 }), { pidsLimit: -1 });
  assert.deepEqual(limits({ PidsLimit: 5 }), { pidsLimit: 5 });
});

test("what cannot be changed is refused instead of left out", () => {
  for (const body of [
    { Ulimits: [{ Name: "nofile", Soft: 1, Hard: 1 }] },
    { OomKillDisable: true },
    { CgroupParent: "/x" },
  ]) {
    assert.throws(() => translateUpdate(body), { code: "DOCKER_CREATE_UNSUPPORTED" });
  }
  assert.throws(() => translateUpdate({ Memory: -5 }), { code: "DOCKER_CREATE_VALUE" });
});
