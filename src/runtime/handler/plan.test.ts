import assert from "node:assert/strict";
import { test } from "node:test";
import { breachesOf, encodePlan, type Plan } from "../../plan/index.ts";
import { cgroupLayout } from "../cgroups/index.ts";
import { defaultSpec } from "../defaults/index.ts";
import { createBindings } from "../planner/create.ts";
import { sampleFacts } from "../testing/facts.ts";
import { opsNamed, sampleId } from "../testing/sample-plan.ts";
import { planHandlerCreate, planHandlerExec, planHandlerWork } from "./plan.ts";

const handler = { name: "crun", path: "/usr/bin/crun", options: ["--debug"], sandbox: false };
const console = { kind: "descriptor", fd: 3 } as const;

function createPlan(terminal: boolean, id = sampleId): Plan {
  const facts = sampleFacts(2);
  const { mounts, groups } = facts;
  const run = `/run/tug/containers/${id}`;
  const spec = defaultSpec(true);
  return planHandlerCreate({
    id,
    handler,
    spec: { ...spec, root: { path: `${run}/rootfs` }, process: { ...spec.process, terminal } },
    bundle: run,
    stateDir: `${run}/state`,
    owner: 0,
    root: { kind: "overlay", lowers: ["/l2", "/l1"], upper: "/u", work: "/w" },
    facts,
    cgroups: cgroupLayout({ mounts, groups, cgroupsPath: undefined, id }),
    attendance: "detach",
    console,
  });
}

const call = { handler, id: "abc", run: "/run/abc" };
const process = { ...defaultSpec(true).process, terminal: true };

test("the plans for another runtime break no rule", () => {
  const exec = planHandlerExec({ ...call, process, directory: "/run/abc/exec/1", console });
  const kill = planHandlerWork(call, { command: "kill", signal: 15 });
  for (const plan of [createPlan(false), createPlan(true), exec, kill])
    assert.deepEqual(breachesOf(plan), []);
});

test("the journal comes first, the program gets the root, and start follows the pid on record", () => {
  const { host } = createPlan(false);
  assert.deepEqual(
    host.map(({ op }) => op),
    [
      ...["writeFile", "directory", "directory", "writeFile", "writeFile", "overlay"],
      ...["callRuntime", "adoptInit", "writeFile", "callRuntime"],
    ],
  );
  const [create, start] = opsNamed(host, "callRuntime");
  assert.deepEqual(create?.places, [`/run/tug/containers/${sampleId}/rootfs`]);
  assert.deepEqual(start?.args.slice(-3), ["--debug", "start", sampleId]);
});

test("a terminal is received before the process is taken over", () => {
  const names = createPlan(true).host.map(({ op }) => op);
  assert.ok(names.indexOf("listenConsole") < names.indexOf("callRuntime"));
  assert.equal(names[names.indexOf("passConsole") + 1], "adoptInit");
});

test("the digest does not depend on the container's id", () => {
  const other = sampleId.replace("5f", "6e");
  const digest = (id: string) => encodePlan(createPlan(false, id), createBindings(id)).digest;
  assert.equal(digest(sampleId), digest(other));
});

test("a signal follows the id, and delete is forced", () => {
  const words = (plan: Plan) => opsNamed(plan.host, "callRuntime")[0]?.args.slice(-3);
  assert.deepEqual(words(planHandlerWork(call, { command: "kill", signal: 15 })), ["kill", "abc", "15"]);
  assert.deepEqual(words(planHandlerWork(call, { command: "delete" })), ["delete", "--force", "abc"]);
});
