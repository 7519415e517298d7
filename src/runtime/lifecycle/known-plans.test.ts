import assert from "node:assert/strict";
import { test } from "node:test";
import { type Digest, sha256 } from "../../base/index.ts";
import { encodePlan, type Plan } from "../../plan/index.ts";
import { samplePlan } from "../../plan/testing/sample-plan.ts";
import { createBindings } from "../planner/create.ts";
import { createKnownPlans, type KnownPlans } from "./known-plans.ts";

const ids = Array.from({ length: 6 }, (_, index) => sha256(String(index)).slice("sha256:".length));
const [first = "", second = "", third = ""] = ids;
const key = (text: string): Digest => sha256(text);

const planFor = (path: string): Plan => {
  const plan = samplePlan();
  plan.host[0] = { op: "directory", from: "sample", path, mode: 0o711 };
  return plan;
};

/** Sends a plan, and says whether it was made for that. */
function send(known: KnownPlans, name: string, { id, path = `/run/${id}` }: { id: string; path?: string }) {
  let made = 0;
  const plan = known.outgoing(key(name), { id }, () => {
    made += 1;
    return planFor(path);
  });
  const { message, digest } = plan.encode();
  const wanted = encodePlan(planFor(path), createBindings(id));
  assert.deepEqual([Buffer.from(message), digest], [Buffer.from(wanted.message), wanted.digest]);
  return { made: made > 0, plan };
}

test("a plan that came out the same for two ids is not made for the third", () => {
  const known = createKnownPlans();
  assert.deepEqual(
    [first, second].map((id) => send(known, "a", { id }).made),
    [true, true],
  );
  const { made, plan } = send(known, "a", { id: third });
  assert.equal(made, false);
  assert.deepEqual(
    plan.ops(),
    planFor(`/run/${third}`),
    "whoever wants to see it sees that of the container",
  );
  assert.equal(send(known, "b", { id: third }).made, true);
});

test("one that holds more of an id than a binding, or came for one id alone, is made each time", () => {
  const known = createKnownPlans();
  for (const id of ids) assert.equal(send(known, "a", { id, path: `/run/${id.slice(20, 30)}` }).made, true);
  for (let turn = 0; turn < 4; turn += 1) assert.equal(send(known, "b", { id: first }).made, true);
});

test("the ones that were sent long ago are forgotten", () => {
  const known = createKnownPlans();
  for (const id of ids) send(known, "a", { id });
  for (let other = 0; other < 31; other += 1) send(known, `other ${other}`, { id: first });
  assert.equal(send(known, "a", { id: first }).made, false);
  for (let other = 0; other < 32; other += 1) send(known, `further ${other}`, { id: first });
  assert.equal(send(known, "a", { id: first }).made, true);
});

test("a plan that cannot be made, or must not be sent, says so each time", () => {
  const known = createKnownPlans();
  const fails = (): Plan => {
    throw new Error("no");
  };
  for (const id of ids) assert.throws(() => known.outgoing(key("a"), { id }, fails), /no/);
  const wrong = (): Plan => ({ ...samplePlan(), init: [] });
  for (const id of ids)
    assert.throws(() => known.outgoing(key("b"), { id }, wrong).encode(), { code: "PLAN_RULE" });
});
