import assert from "node:assert/strict";
import { test } from "node:test";
import { createFakeEngine } from "../../testing/fake-engine.ts";
import { openDoor } from "../../testing/open-door.ts";

const cases: readonly (readonly [string, number, RegExp])[] = [
  ["GET /swarm", 503, /^This node is not a swarm manager\./],
  ["GET /v1.30/services/web/logs", 503, /^This node is not a swarm manager\./],
  ["GET /secrets", 503, /^This node is not a swarm manager\./],
  ["POST /swarm/leave?force=1", 503, /^This node is not part of a swarm$/],
  ["POST /swarm/init", 501, /^not implemented: there are no swarms$/],
  ["POST /build?t=x", 501, /^not implemented: images are not built here yet$/],
  ["GET /plugins/vieux/sshfs/json", 404, /^plugin "vieux\/sshfs" not found$/],
];

test("swarms, plugins and builds are answered as an engine without them does", async () => {
  await using door = await openDoor(createFakeEngine().ports);
  for (const [line, status, message] of cases) {
    const [method = "", path = ""] = line.split(" ");
    const reply = await door.call(method, path);
    assert.equal(reply.status, status, line);
    assert.match((reply.json() as { message: string }).message, message, line);
  }
  assert.deepEqual((await door.call("GET", "/plugins")).json(), []);
});
