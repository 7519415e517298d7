import assert from "node:assert/strict";
import { test } from "node:test";
import { type Digest, enginePaths, sha256 } from "../../base/index.ts";
import { createKnownPlans, type KnownPlans } from "../../runtime/index.ts";
import { PARENT_LABEL } from "../../specs/docker-api/index.ts";
import type { CreateContainerRequest } from "../model/create-request.ts";
import type { SpecRequest } from "../spec/input.ts";
import { unifiedFacts } from "../testing/facts.ts";
import { plainRequest } from "../testing/request.ts";
import { prepareRun } from "./prepare-run.ts";
import { type ContainerRecord, newState } from "./record.ts";

const ids = Array.from({ length: 6 }, (_, index) => sha256(String(index)).slice("sha256:".length));
const [first = ""] = ids;

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
