import assert from "node:assert/strict";
import { test } from "node:test";
import type { EngineEvent } from "../../../../engine/index.ts";
import type { dockerApi } from "../../../../specs/index.ts";
import { createFakeEngine } from "../../testing/fake-engine.ts";
import { openDoor } from "../../testing/open-door.ts";

const started: EngineEvent = {
  type: "container",
  action: "start",
  id: "aaaa",
  attributes: { name: "web", image: "busybox", tier: "front" },
  timeNanos: 1_700_000_000_000_000_001n,
};
const pulled: EngineEvent = {
  ...started,
  type: "image",
  action: "pull",
  id: "debian",
  attributes: { name: "debian" },
};

async function events(query: string, headers: Record<string, string> = {}) {
  await using door = await openDoor(createFakeEngine({ events: [started, pulled] }).ports);
  return await door.call("GET", `/events?${query}`, { headers });
}

function actions(text: string): string[] {
  return text
    .trim()
    .split("\n")
    .filter(Boolean)
    .map((line) => (JSON.parse(line) as dockerApi.EventMessage).Action);
}

const filter = (filters: object) => `filters=${encodeURIComponent(JSON.stringify(filters))}`;

test("events are lines of JSON with the fields of old and new clients", async () => {
  const reply = await events("");
  assert.equal(reply.headers["content-type"], "application/json");
  assert.ok(reply.text.includes('"timeNano":1700000000000000001}'), "every digit is there");
  assert.deepEqual(JSON.parse(reply.text.split("\n")[0] ?? ""), {
    status: "start",
    id: "aaaa",
    from: "busybox",
    Type: "container",
    Action: "start",
    Actor: { ID: "aaaa", Attributes: started.attributes },
    scope: "local",
    time: 1_700_000_000,
    timeNano: Number(started.timeNanos),
  });
});

test("events are filtered by type, action, object and label", async () => {
  assert.deepEqual(actions((await events(filter({ type: ["image"] }))).text), ["pull"]);
  assert.deepEqual(actions((await events(filter({ event: ["start"] }))).text), ["start"]);
  assert.deepEqual(actions((await events(filter({ container: ["web"] }))).text), ["start"]);
  assert.deepEqual(actions((await events(filter({ label: ["tier=back"] }))).text), []);
  assert.deepEqual(actions((await events(filter({ image: ["busybox"], type: ["container"] }))).text), [
    "start",
  ]);
  assert.equal((await events(filter({ colour: ["red"] }))).status, 400);
  assert.equal((await events("since=yesterday")).status, 400);
});

test("a client can ask for a sequence of records", async () => {
  const reply = await events(filter({ type: ["image"] }), { Accept: "application/json-seq" });
  assert.equal(reply.headers["content-type"], "application/json-seq");
  assert.ok(reply.text.startsWith("\x1e{"));
});

test("version, info and df have what clients read", async () => {
  await using door = await openDoor(createFakeEngine().ports);
  const version = (await door.call("GET", "/version")).json() as dockerApi.SystemVersion;
  assert.deepEqual([version.ApiVersion, version.MinAPIVersion, version.Os], ["1.55", "1.24", "linux"]);
  const info = (await door.call("GET", "/info")).json() as dockerApi.SystemInfo;
  assert.deepEqual(
    [info.Containers, info.MemoryLimit, info.CPUSet, info.CgroupVersion],
    [3, true, false, "2"],
  );
  assert.deepEqual(info.CDISpecDirs, ["/etc/cdi"]);
  assert.deepEqual(info.DiscoveredDevices, [{ Source: "cdi", ID: "vendor.com/gpu=0" }]);
  const usage = (await door.call("GET", "/system/df")).json() as dockerApi.DiskUsage;
  assert.deepEqual([usage.LayersSize, usage.Images?.length], [4_261_000, 1]);
});

test("a plan is explained without making anything", async () => {
  const engine = createFakeEngine();
  await using door = await openDoor(engine.ports);
  const reply = await door.call("POST", "/tug/explain", { body: { Image: "busybox", Cmd: ["sh"] } });
  assert.deepEqual(reply.json(), {
    Digest: "sha256:feed",
    Text: "run busybox\n",
    Plan: { image: "busybox" },
  });
  assert.deepEqual(engine.containers.requests, []);
  const plan = (await door.call("GET", "/tug/containers/web/plan")).json() as dockerApi.ExplainedPlan;
  assert.equal(plan.Digest, "sha256:f00d");
});
