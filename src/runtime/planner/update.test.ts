import assert from "node:assert/strict";
import { test } from "node:test";
import { breachesOf } from "../../plan/index.ts";
import type { LinuxResources } from "../../specs/oci-runtime/index.ts";
import type { StoredGroup, StoredState } from "../state.ts";
import { opsNamed } from "../testing/sample-plan.ts";
import { planUpdate } from "./update.ts";

const unified: StoredGroup[] = [{ path: "/two/box", version: 2, controllers: [] }];
const legacy: StoredGroup[] = ["cpu", "memory", "pids"].map((name) => ({
  path: `/${name}/box`,
  version: 1,
  controllers: [name],
}));

/** What is written where: `GROUP FILE=VALUE`. */
function writes(groups: StoredGroup[], resources: LinuxResources, before: LinuxResources): string[] {
  const plan = planUpdate(
    {
      state: { id: "box", groups } as unknown as StoredState,
      stateDir: "/s",
      spec: undefined,
      hooks: undefined,
    },
    resources,
    before,
  );
  assert.deepEqual(breachesOf(plan), []);
  const paths = new Map(opsNamed(plan.host, "cgroupOpen").map(({ out, path }) => [out, path]));
  assert.equal(paths.size, new Set(paths.values()).size, "each group is opened once");
  return opsNamed(plan.host, "cgroupSet").map(
    ({ group, file, value }) => `${paths.get(group)} ${file}=${value}`,
  );
}

test("limits are written into the groups that the container has, on both versions", () => {
  const resources = { memory: { limit: 100n }, pids: { limit: 7n } };
  assert.deepEqual(writes(unified, resources, {}), ["/two/box memory.max=100", "/two/box pids.max=7"]);
  assert.deepEqual(writes(legacy, resources, {}), [
    "/memory/box memory.limit_in_bytes=100",
    "/pids/box pids.max=7",
  ]);
});

test("what belongs together is completed from what is in force", () => {
  assert.deepEqual(writes(unified, { cpu: { quota: 5n } }, { cpu: { quota: 1n, period: 9n } }), [
    "/two/box cpu.max=5 9",
  ]);
  assert.deepEqual(writes(unified, { memory: { limit: 200n, swap: 400n } }, { memory: { limit: 100n } }), [
    "/two/box memory.swap.max=200",
    "/two/box memory.max=200",
  ]);
});

test("nothing to change is no step", () => {
  assert.deepEqual(writes(legacy, {}, {}), []);
});
