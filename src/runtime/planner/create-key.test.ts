import assert from "node:assert/strict";
import { test } from "node:test";
import { sha256 } from "../../base/index.ts";
import { encodePlan, NO_NETWORK_AHEAD, networkAheadName } from "../../plan/index.ts";
import { defaultSpec } from "../defaults/index.ts";
import { createKnownPlans } from "../lifecycle/known-plans.ts";
import { sampleFacts } from "../testing/facts.ts";
import { createBindings, planCreate } from "./create.ts";
import { createKey } from "./create-key.ts";
import type { CreateInput } from "./input.ts";

const ids = ["a-name-of-a-container", "another", "another-name-of-one", "5f0c2b9a3e7d41f8a6b4c2d0e8f61a3b"];

function input(id: string, change: Partial<CreateInput> = {}): CreateInput {
  const spec = defaultSpec(true);
  return {
    id,
    spec: { ...spec, process: { ...spec.process, terminal: false } },
    bundle: `/bundles/${id}`,
    stateDir: `/run/tug-oci/${id}`,
    owner: 0,
    root: { kind: "directory" },
    attendance: "create",
    facts: sampleFacts(2),
    ...change,
  };
}

const changed = (id: string, change: object): Partial<CreateInput> => ({
  spec: { ...input(id).spec, ...change },
});

/** What makes another plan, for whatever id. */
const changes: readonly ((id: string) => Partial<CreateInput>)[] = [
  () => ({}),
  () => ({ attendance: "foreground" }),
  () => ({ attendance: "foreground", removes: true }),
  () => ({ bundle: "/elsewhere" }),
  () => ({ pidFile: "/pid" }),
  (id) => ({ pidFile: `/${id}` }),
  () => ({ preserveFds: 2 }),
  () => ({ noNewKeyring: true }),
  () => ({ init: true }),
  () => ({ unit: "tug-web.scope" }),
  () => ({ owner: 7 }),
  () => ({ facts: { ...sampleFacts(2), bootId: "11111111-0000-0000-0000-000000000000" } }),
  (id) => changed(id, { hostname: "web" }),
  (id) => changed(id, { hostname: id }),
  (id) => changed(id, { annotations: { a: "b" } }),
  (id) => changed(id, { annotations: { a: id.slice(0, 12) } }),
];

test("a key tells apart what gives another plan, whatever the id, and knows the same again", () => {
  const known = createKnownPlans();
  const digests = new Set<string>();
  for (let turn = 0; turn < 2; turn += 1) {
    for (const id of ids) {
      for (const change of changes) {
        const own = input(id, change(id));
        const wanted = encodePlan(planCreate(own), createBindings(id));
        const got = known.outgoing(createKey(own), own, () => planCreate(own)).encode();
        assert.deepEqual(Buffer.from(got.message), Buffer.from(wanted.message), `${id} ${change}`);
        if (id === ids[0]) digests.add(got.digest);
      }
    }
  }
  assert.equal(digests.size, changes.length);
});

test("a network that was made ahead takes part in the plan, and not in the key", () => {
  const known = createKnownPlans();
  for (const [index, name] of ["one", "two", "three", "four"].entries()) {
    const networkAhead = index === 1 ? undefined : networkAheadName(index + 1, 4026532000n + BigInt(index));
    const own = input(sha256(name).slice(7), { networkAhead });
    assert.equal(createKey(own), createKey({ ...own, networkAhead: undefined }));
    const got = known.outgoing(createKey(own), own, () => planCreate(own)).encode();
    const wanted = encodePlan(planCreate(own), createBindings(own.id, networkAhead));
    assert.deepEqual(Buffer.from(got.message), Buffer.from(wanted.message));
    assert.ok(Buffer.from(got.message).includes(networkAhead ?? NO_NETWORK_AHEAD));
  }
});

test("of containers with the same configuration the third one's plan is known", () => {
  const known = createKnownPlans();
  const made = ["one", "two", "three", "four"].map((name) => {
    const id = sha256(name).slice(7);
    let makes = 0;
    const own = input(id, changed(id, { hostname: id.slice(0, 12) }));
    known
      .outgoing(createKey(own), own, () => {
        makes += 1;
        return planCreate(own);
      })
      .encode();
    return makes;
  });
  assert.deepEqual(made, [1, 1, 0, 0]);
});
