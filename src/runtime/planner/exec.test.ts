import assert from "node:assert/strict";
import { test } from "node:test";
import { breachesOf, cloneFlags } from "../../plan/index.ts";
import { defaultSpec } from "../defaults/index.ts";
import type { StoredState } from "../state.ts";
import { sampleFacts } from "../testing/facts.ts";
import { opsNamed } from "../testing/sample-plan.ts";
import { planExec } from "./exec.ts";

const spec = defaultSpec(true);

function plan(version: 1 | 2) {
  const groups = [{ path: "/sys/fs/cgroup/x", version, controllers: ["pids"] }];
  const state: StoredState = {
    version: 1,
    ...{ ociVersion: "1.2.0", id: "c", bundle: "/b", rootfs: "/b/rootfs", owner: 0 },
    ...{ bootId: "", groups, pid: 7, startTime: "9" },
  };
  const linux = { ...spec.linux, namespaces: [{ type: "pid" }, { type: "cgroup" }] as const };
  const { process } = spec;
  return planExec({ state, spec: { ...spec, linux }, process, facts: sampleFacts(2), foreground: true });
}

test("on v2 the process enters the control group namespace once it is in the group", () => {
  const made = plan(2);
  assert.deepEqual(breachesOf(made), []);
  assert.deepEqual(
    opsNamed(made.stage, "join").map(({ flags }) => flags),
    [cloneFlags.NEWPID],
  );
  const [opened] = opsNamed(made.host, "openNamespace");
  assert.equal(opened?.path, "/proc/7/ns/cgroup");
  assert.deepEqual(opsNamed(made.init, "join")[0]?.namespaces, [opened?.out]);
});

test("on v1 it is entered with the others", () => {
  const made = plan(1);
  assert.deepEqual(breachesOf(made), []);
  const [join] = opsNamed(made.stage, "join");
  assert.equal(join?.flags, cloneFlags.NEWPID | cloneFlags.NEWCGROUP);
  assert.equal(opsNamed(made.init, "join").length, 0);
});
