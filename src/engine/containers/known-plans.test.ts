import assert from "node:assert/strict";
import { test } from "node:test";
import { type Digest, enginePaths, sha256 } from "../../base/index.ts";
import { encodePlan, type Plan } from "../../plan/index.ts";
import { samplePlan } from "../../plan/testing/sample-plan.ts";
import { createBindings } from "../../runtime/index.ts";
import { PARENT_LABEL } from "../../specs/docker-api/index.ts";
import type { CreateContainerRequest } from "../model/create-request.ts";
import type { SpecRequest } from "../spec/input.ts";
import { unifiedFacts } from "../testing/facts.ts";
import { plainRequest } from "../testing/request.ts";
import { createKnownPlans, type KnownPlans } from "./known-plans.ts";
import { prepareRun } from "./prepare-run.ts";
import { type ContainerRecord, newState } from "./record.ts";

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
  const plan = known.outgoing(key(name), id, () => {
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
  for (const id of ids) assert.throws(() => known.outgoing(key("a"), id, fails), /no/);
  const wrong = (): Plan => ({ ...samplePlan(), init: [] });
  for (const id of ids)
    assert.throws(() => known.outgoing(key("b"), id, wrong).encode(), { code: "PLAN_RULE" });
});

const one = { name: "one", hard: 5, soft: 5, from: "--ulimit" };
/** For each part of a request that decides a plan one that makes another one; undefined where it makes none. */
const changes: Readonly<Record<keyof SpecRequest, Partial<CreateContainerRequest> | undefined>> = {
  image: undefined,
  from: undefined,
  command: { command: ["other"] },
  entrypoint: { entrypoint: ["first"] },
  env: { env: ["A=1"] },
  workingDir: { workingDir: "/elsewhere" },
  domainname: { domainname: "example" },
  annotations: { annotations: { a: "1" } },
  systemd: { systemd: "always" },
  shmSizeBytes: { shmSizeBytes: 4096 },
  namespaces: { namespaces: { uts: { mode: "host" } } },
  resources: { resources: { ...plainRequest().resources, memory: 1 << 30 } },
  security: { security: { ...plainRequest().security, capDrop: ["ALL"] } },
  ulimits: { ulimits: [{ ...one, name: "nofile" }] },
  sysctls: { sysctls: { "net.core.somaxconn": "7" } },
  oomScoreAdj: { oomScoreAdj: 7 },
  stdio: { stdio: { ...plainRequest().stdio, tty: true } },
  network: { network: { ...plainRequest().network, mode: { kind: "host" } } },
};
/** What decides it beside those. */
const more: readonly Partial<CreateContainerRequest>[] = [
  { hostname: "other" },
  { init: true },
  { autoRemove: true },
  { user: "7:8" },
  { groupAdd: ["9"] },
  { secretEnv: [{ variable: "S", secret: "s", from: "--secret" }] },
  { labels: { [PARENT_LABEL]: first } },
  { mounts: [{ type: "tmpfs", target: "/t", readOnly: false, options: [], from: "--tmpfs" }] },
];

test("what differs in anything that decides a plan gets another one, the same again the known one", async () => {
  const layout = enginePaths({ data: "/data", run: "/run/tug" });
  const knownPlans = createKnownPlans();
  const prepare = async (change: Partial<CreateContainerRequest>, id: string, known?: KnownPlans) => {
    const record: ContainerRecord = {
      id,
      name: `name-${id}`,
      createdAt: "",
      request: plainRequest(change),
      image: {
        ...{ id: "sha256:1", architecture: "amd64", os: "linux", size: 1 },
        ...{ defaults: {}, volumes: [], labels: {} },
      },
      anonymousVolumes: [],
      state: newState,
    };
    const prepared = await prepareRun(
      {
        layout,
        cdiDirectories: [],
        store: { find: () => record },
        ...(known && { knownPlans: known }),
      },
      {
        record,
        handler: undefined,
        facts: unifiedFacts,
        root: { kind: "overlay", lowers: ["/l"], upper: `/u/${id}`, work: `/w/${id}` },
        userFiles: { passwd: "root:x:0:0::/:/bin/sh\n", group: "" },
        sources: {
          volume: async (name) => `/volumes/${name}`,
          image: async () => [],
          data: async () => "/data",
          secretVariable: ({ variable }) => `${variable}=1`,
          missing: async () => {},
        },
      },
    );
    return prepared.plan.encode();
  };
  const all = [{}, ...Object.values(changes).filter((each) => each !== undefined), ...more];
  const digests = new Set<Digest>();
  for (let turn = 0; turn < ids.length; turn += 1) {
    for (const change of all) {
      const wanted = await prepare(change, ids[turn] as string);
      const got = await prepare(change, ids[turn] as string, knownPlans);
      assert.deepEqual(Buffer.from(got.message), Buffer.from(wanted.message), JSON.stringify(change));
      if (turn === 0) digests.add(got.digest);
    }
  }
  assert.equal(digests.size, all.length, "each of them makes a difference");
});
