import assert from "node:assert/strict";
import { test } from "node:test";
import { breachesOf } from "../../plan/index.ts";
import type { Spec } from "../../specs/oci-runtime/index.ts";
import { sampleFacts } from "../testing/facts.ts";
import { opsNamed, sampleCreatePlan } from "../testing/sample-plan.ts";

const FILES = "system_u:object_r:container_file_t:s0:c1,c2";
const PROGRAM = "system_u:system_r:container_t:s0:c1,c2";

const labelled = (spec: Spec): Spec => ({
  ...spec,
  process: { ...spec.process, selinuxLabel: PROGRAM },
  linux: { ...spec.linux, mountLabel: FILES },
});

function factsWith(selinux: boolean, version: 1 | 2) {
  const facts = sampleFacts(version);
  return { ...facts, security: { ...facts.security, selinux } };
}

test("with SELinux every file system of the container's own has the label, but for those that the kernel labels", () => {
  for (const version of [1, 2] as const) {
    const plan = sampleCreatePlan(labelled, { facts: factsWith(true, version) }, version);
    assert.deepEqual(breachesOf(plan), []);
    const mounts = opsNamed(plan.init, "mountFs");
    const withOption = mounts.filter(({ options }) => options?.includes(`context=${FILES}`));
    const withoutAny = mounts.filter((mount) => !withOption.includes(mount) && mount.label === undefined);
    assert.deepEqual(new Set(withOption.map(({ type }) => type)), new Set(["tmpfs", "devpts"]));
    assert.deepEqual(
      mounts.filter(({ label }) => label !== undefined).map(({ type, label }) => [type, label]),
      [["mqueue", FILES]],
    );
    for (const { type } of withoutAny) assert.match(type, /^(proc|sysfs|cgroup2?)$/);
    assert.ok(opsNamed(plan.init, "mask").every(({ label }) => label === FILES));
    assert.equal(opsNamed(plan.init, "keyring")[0]?.label, PROGRAM);
    assert.deepEqual(
      opsNamed(plan.init, "execLabel").map(({ module, label }) => [module, label]),
      [["selinux", PROGRAM]],
    );
  }
});

test("without SELinux labels mean nothing", () => {
  const facts = factsWith(false, 2);
  const none = { ...facts, security: { ...facts.security, selinux: true } };
  const plain = sampleCreatePlan((spec) => spec, { facts }).init;
  assert.deepEqual(sampleCreatePlan(labelled, { facts }).init, plain);
  assert.deepEqual(sampleCreatePlan((spec) => spec, { facts: none }).init, plain);
});
