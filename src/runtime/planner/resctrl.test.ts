import assert from "node:assert/strict";
import { test } from "node:test";
import { breachesOf, type Op, type Plan } from "../../plan/index.ts";
import type { ResctrlGroup } from "../resctrl/index.ts";
import { opsNamed, sampleCreatePlan, withUserNamespace } from "../testing/sample-plan.ts";
import { planDelete } from "./lifecycle.ts";

const root = "/sys/fs/resctrl";
const whole: ResctrlGroup = {
  root,
  path: `${root}/one`,
  isNew: true,
  isOwn: true,
  schemata: "L3:0=f\nMB:0=10\n",
  monitoring: `${root}/one/mon_groups/one`,
};

/** The ops that come from the section, in their order. */
function opsOf(list: readonly Op[]): string[] {
  return list
    .filter(({ from }) => from === "/linux/intelRdt")
    .map((op) => ("path" in op ? `${op.op} ${op.path}` : "value" in op ? `${op.op} ${op.value}` : op.op));
}

function planWith(resctrl: ResctrlGroup, change?: typeof withUserNamespace): Plan {
  return sampleCreatePlan(change, { resctrl });
}

test("a class of service is made and set before the process that joins it, and its counting group after it", () => {
  const plan = planWith(whole);
  assert.deepEqual(breachesOf(plan), []);
  assert.deepEqual(opsOf(plan.host), [
    `directory ${root}/one`,
    `openFile ${root}/one`,
    "cgroupSet L3:0=f\nMB:0=10\n",
    `directory ${root}/one/mon_groups/one`,
    `openFile ${root}/one/mon_groups/one`,
  ]);
  const slots = opsNamed(plan.host, "openFile").map(({ out }) => out);
  const joined = opsNamed(plan.init, "cgroupJoin").filter(({ from }) => from === "/linux/intelRdt");
  assert.deepEqual(
    joined.map(({ group }) => group),
    slots,
  );
});

test("a class that is there is only joined; a process of a user namespace joins before it is in it", () => {
  const plan = planWith({ root, path: `${root}/gold`, isNew: false, isOwn: false }, withUserNamespace);
  assert.deepEqual(breachesOf(plan), []);
  assert.deepEqual(opsOf(plan.host), [`openFile ${root}/gold`]);
  assert.deepEqual(opsOf(plan.stage), ["cgroupJoin"]);
  assert.deepEqual(opsOf(plan.init), []);
});

test("the state names what delete removes, and nobody else's class", () => {
  const stateOf = (resctrl: ResctrlGroup) => {
    const [, , text = ""] = opsNamed(planWith(resctrl).host, "writeFile").map(({ content }) => content);
    return JSON.parse(text.replace("%p", "1").replace("%t", "2"));
  };
  const removed = (resctrl: ResctrlGroup) =>
    opsNamed(
      planDelete(
        { state: stateOf(resctrl), stateDir: "/s", spec: undefined, hooks: undefined },
        { kill: false },
      ).host,
      "cgroupRemove",
    )
      .map(({ path }) => path)
      .filter((path) => path.startsWith(root));
  assert.deepEqual(removed(whole), [`${root}/one/mon_groups/one`, `${root}/one`]);
  assert.deepEqual(removed({ root, path: `${root}/gold`, isNew: false, isOwn: false }), []);
  assert.deepEqual(removed({ ...whole, isOwn: false }), [`${root}/one/mon_groups/one`]);
});
