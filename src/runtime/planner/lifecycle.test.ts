import assert from "node:assert/strict";
import { test } from "node:test";
import { breachesOf, encodePlan } from "../../plan/index.ts";
import type { StoredGroup, StoredState } from "../state.ts";
import { opsNamed } from "../testing/sample-plan.ts";
import { type Existing, planDelete, planFreeze, plansToSignal } from "./lifecycle.ts";

const unified: StoredGroup = { path: "/sys/fs/cgroup/unified/box", version: 2, controllers: [] };
const freezer: StoredGroup = { path: "/sys/fs/cgroup/freezer/box", version: 1, controllers: ["freezer"] };
const pids: StoredGroup = { path: "/sys/fs/cgroup/pids/box", version: 1, controllers: ["pids"] };

function existing(...groups: StoredGroup[]): Existing {
  const state: StoredState = {
    version: 1,
    ociVersion: "1.3.0",
    id: "box",
    bundle: "/b",
    rootfs: "/b/rootfs",
    owner: 0,
    bootId: "boot",
    groups,
    pid: 7,
    startTime: "8",
  };
  return { state, stateDir: "/s", spec: undefined, hooks: undefined };
}

test("processes are frozen by the v1 freezer where there is one, else by the v2 group", () => {
  for (const [groups, path] of [
    [[unified, pids, freezer], freezer.path],
    [[pids, unified], unified.path],
    [[unified], unified.path],
  ] as const) {
    for (const frozen of [true, false]) {
      const plan = planFreeze(existing(...groups), frozen);
      assert.deepEqual(breachesOf(plan), []);
      const [op] = opsNamed(plan.host, "cgroupFreeze");
      assert.deepEqual([op?.path, op?.frozen], [path, frozen ? 1 : 0]);
    }
  }
  assert.throws(() => planFreeze(existing(pids), true), { code: "CGROUP_FREEZER" });
});

test("on v1 what is frozen goes on before its death is waited for, on v2 it can die as it is", () => {
  const order = (groups: StoredGroup[], kill: boolean) =>
    planDelete(existing(...groups), { kill })
      .host.map(({ op }) => op)
      .filter((op) => ["signal", "cgroupFreeze", "awaitDeath", "cgroupKill"].includes(op));
  assert.deepEqual(order([freezer], true), ["signal", "cgroupFreeze", "awaitDeath", "cgroupKill"]);
  assert.deepEqual(order([freezer], false), ["cgroupFreeze", "cgroupKill"]);
  assert.deepEqual(order([unified], true), ["signal", "awaitDeath", "cgroupKill"]);
});

test("any number of processes gets a signal, no more of them by one plan than it can name", () => {
  const known = Array.from({ length: 2500 }, (_, index) => ({ pid: index + 2, startTime: BigInt(index) }));
  const plans = plansToSignal(known, 9);
  for (const plan of plans) {
    assert.deepEqual(breachesOf(plan), []);
    encodePlan(plan);
  }
  const opened = plans.flatMap(({ host }) => opsNamed(host, "openProcess").map(({ pid }) => pid));
  assert.deepEqual(
    opened,
    known.map(({ pid }) => pid),
  );
  assert.deepEqual(plansToSignal([], 9), []);
});
