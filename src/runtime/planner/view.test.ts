import assert from "node:assert/strict";
import { test } from "node:test";
import { breachesOf, type Op, type Slot } from "../../plan/index.ts";
import { opsNamed } from "../testing/sample-plan.ts";
import { planInRoot, type StoredView } from "./view.ts";

const stored: StoredView = {
  kind: "stored",
  source: { kind: "overlay", lowers: ["/a", "/b"], upper: "/u", work: "/w" },
  readOnly: false,
  mounts: [{ destination: "/data", source: "/srv", type: "bind", options: ["rbind", "ro"] }],
  place: "/run/tug",
};

const look = () => ({
  work: (root: Slot): Op[] => [{ op: "statInRoot", from: "test", root, path: "/etc", tag: 1 }],
});

test("the root of a running container is that of its process", () => {
  const plan = planInRoot({ kind: "process", pid: 7, startTime: "8" }, look);
  assert.deepEqual(breachesOf(plan), []);
  assert.deepEqual(
    plan.host.map(({ op }) => op),
    ["openProcess", "statInRoot"],
  );
  assert.deepEqual([plan.stage, plan.init], [[], []]);
});

test("a stored root is mounted where nobody sees it, and gone when the plan is done", () => {
  const plan = planInRoot(stored, look);
  assert.deepEqual(breachesOf(plan), []);
  const host = plan.host.map(({ op }) => op);
  assert.ok(host.indexOf("initProcess") < host.indexOf("statInRoot"));
  assert.equal(host.at(-1), "waitExit");
  const [attach] = opsNamed(plan.init, "attach");
  assert.equal(attach?.target, "/data");
  const changes = opsNamed(plan.host, "changeMount").filter(({ mount }) => mount === attach?.mount);
  assert.ok(
    changes.some(({ set }) => set === 1n),
    "a read-only mount stays one",
  );
  assert.deepEqual(opsNamed(plan.init, "setMount"), []);
  const readOnly = planInRoot({ ...stored, readOnly: true }, look);
  assert.deepEqual(breachesOf(readOnly), []);
  assert.deepEqual(
    opsNamed(readOnly.init, "setMount").map(({ target, set }) => [target, set]),
    [["/", 1n]],
  );
});

test("layers that are mounted in a stored root are seen there too", () => {
  const mountSources = new Map([["/data", { layers: ["/x", "/y"], subpath: "z" }]]);
  const plan = planInRoot({ ...stored, mountSources }, look);
  assert.deepEqual(breachesOf(plan), []);
  const [attach] = opsNamed(plan.init, "attach");
  const made = opsNamed(plan.host, "overlay").find(({ out }) => out === attach?.mount);
  assert.deepEqual([made?.lowers, attach?.inside], [["/x", "/y"], "z"]);
});

test("a view of the host's own files cannot be written to", () => {
  const plan = planInRoot({ ...stored, source: { kind: "scratch", lower: "/" }, mounts: [] }, look);
  assert.deepEqual(breachesOf(plan), []);
  assert.deepEqual(
    opsNamed(plan.host, "changeMount").map(({ set }) => set),
    [1n],
  );
});
