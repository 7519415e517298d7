import assert from "node:assert/strict";
import { test } from "node:test";
import { NO_SLOT } from "../field.ts";
import { cloneFlags } from "../flags.ts";
import type { Op, OpName } from "../ops.ts";
import { sampleSlots as s, samplePlan } from "../testing/sample-plan.ts";
import { breachesOf, rules, verifyPlan } from "./verify.ts";

type Lists = ReturnType<typeof samplePlan>;
const from = "mutation";

/** For each rule, a change of the sample plan that this rule rejects, and no other. */
const mutations: Readonly<Record<string, (plan: Lists) => void>> = {
  "legal-place": (plan) => plan.init.splice(find(plan.init, "pivot"), 0, { op: "umask", from, mask: 0o22 }),
  "slot-before-use": (plan) => drop(plan.host, "connect"),
  "slot-once": (plan) => plan.host.splice(2, 0, { op: "fifo", from, path: "/run/c/again", out: s.start }),
  "stage-runs-once": (plan) =>
    plan.host.splice(find(plan.host, "runStage"), 0, { op: "runStage", from, fork: 1 }),
  "spawn-ends-stage": (plan) => plan.stage.push({ op: "oomScore", from, value: "0" }),
  "exec-ends-init": (plan) => plan.init.push({ op: "exec", from, args: ["sh"], env: [] }),
  "host-path-absolute": (plan) => change(plan.host, "cloneMount", { path: "srv" }),
  "barriers-pair": (plan) => drop(plan.host, "release"),
  "join-needs-process": (plan) => change(plan.host, "runStage", { fork: 0 }),
  "journal-before-effect": (plan) => drop(plan.host, "writeFile"),
  "limits-before-process": (plan) => move(plan.host, "cgroupSet", plan.host.length),
  "groups-joined": (plan) => drop(plan.init, "cgroupJoin"),
  "join-before-cgroup-namespace": (plan) => move(plan.init, "cgroupJoin", find(plan.init, "unshare") + 1),
  "pid-known": (plan) => change(plan.host, "writeFile", { content: '{"pid":%p}' }),
  "devices-before-use": (plan) => move(plan.host, "moveDevice", find(plan.host, "hook") + 1),
  "failure-awaited": (plan) => plan.host.pop(),
  "mounts-stay-inside": (plan) => drop(plan.init, "propagation"),
  "sources-before-root": (plan) => {
    const [clone] = plan.host.splice(find(plan.host, "cloneMount"), 1);
    if (clone !== undefined) plan.init.splice(find(plan.init, "root") + 1, 0, clone);
  },
  "no-hidden-device": (plan) => move(plan.init, "device", find(plan.init, "mountFs")),
  "console-after-devpts": (plan) => move(plan.init, "console", find(plan.init, "mountFs") + 1),
  "create-hook-after-mounts": (plan) => move(plan.init, "hook", find(plan.init, "attach")),
  "root-left": (plan) => {
    drop(plan.init, "pivot");
    plan.init = plan.init.filter(({ op }) => op !== "hook");
  },
  "no-host-object-after-pivot": (plan) => change(plan.init, "setMount", { root: s.bind }),
  "parameters-before-read-only": (plan) => move(plan.init, "sysctl", find(plan.init, "mask")),
  "read-only-root-last": (plan) => move(plan.init, "setMount", find(plan.init, "sysctl")),
  "identity-complete": (plan) => drop(plan.init, "capabilities"),
  "bounding-set-before-switch": (plan) => move(plan.init, "boundingSet", find(plan.init, "idSwitch") + 1),
  "capabilities-after-switch": (plan) => move(plan.init, "capabilities", find(plan.init, "idSwitch")),
  "filter-permitted": (plan) => drop(plan.init, "noNewPrivileges"),
  "filter-last": (plan) => move(plan.init, "seccomp", find(plan.init, "idSwitch")),
  "filter-before-hooks": (plan) => move(plan.init, "seccomp", plan.init.length - 1),
  "directory-as-user": (plan) => move(plan.init, "workDirectory", find(plan.init, "idSwitch")),
  "start-hook-after-start": (plan) => {
    const hook = plan.init.splice(plan.init.length - 2, 1);
    plan.init.splice(find(plan.init, "awaitStart"), 0, ...hook);
  },
  "program-checked-before-created": (plan) => drop(plan.init, "findProgram"),
  "terminal-in-own-session": (plan) => drop(plan.init, "session"),
  "never-ignored": (plan) => change(plan.init, "mask", { ignore: ["ENOENT"] }),
};

test("the sample plan breaks no rule", () => {
  assert.deepEqual(breachesOf(samplePlan()), []);
});

test("every rule has a mutation", () => {
  assert.deepEqual(Object.keys(mutations).sort(), rules.map(({ id }) => id).sort());
});

for (const { id } of rules) {
  test(`rule ${id} alone rejects its mutation`, () => {
    const plan = samplePlan();
    mutations[id]?.(plan);
    const broken = new Set(breachesOf(plan).map(({ rule }) => rule.id));
    assert.deepEqual([...broken], [id]);
  });
}

test("an empty slot is no slot", () => {
  const plan = samplePlan();
  plan.stage[1] = { op: "spawn", from, flags: cloneFlags.NEWNS, group: NO_SLOT };
  assert.deepEqual(breachesOf(plan), []);
});

test("a source that is cloned inside is a thing of the host too", () => {
  const plan = samplePlan();
  const [clone] = plan.host.splice(find(plan.host, "cloneMount"), 1);
  plan.init.splice(find(plan.init, "root"), 0, clone as Op);
  assert.deepEqual(breachesOf(plan), []);
  change(plan.init, "setMount", { root: s.bind });
  assert.deepEqual(
    breachesOf(plan).map(({ rule }) => rule.id),
    ["no-host-object-after-pivot"],
  );
});

test("the error names rule, op and origin", () => {
  const plan = samplePlan();
  change(plan.host, "cloneMount", { path: "srv", from: "/mounts/3" });
  assert.throws(() => verifyPlan(plan), {
    code: "PLAN_RULE",
    message:
      /host op 7 \(cloneMount, \/mounts\/3\) breaks rule host-path-absolute: path is the relative path srv/,
  });
});

function find(items: readonly Op[], name: OpName): number {
  const index = items.findIndex(({ op }) => op === name);
  assert.ok(index >= 0, `the sample plan has no ${name}`);
  return index;
}

function drop(items: Op[], name: OpName): void {
  items.splice(find(items, name), 1);
}

/** Takes the first op of a kind out and puts it in front of what stands at `to` before it is taken out. */
function move(items: Op[], name: OpName, to: number): void {
  const index = find(items, name);
  const [op] = items.splice(index, 1);
  items.splice(to > index ? to - 1 : to, 0, op as Op);
}

function change(items: Op[], name: OpName, fields: Readonly<Record<string, unknown>>): void {
  const index = find(items, name);
  items[index] = { ...items[index], ...fields } as Op;
}
