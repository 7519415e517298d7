import assert from "node:assert/strict";
import { test } from "node:test";
import { createFakeEngine } from "./testing/fake-engine.ts";
import { openDoor, readAll } from "./testing/open-door.ts";

test("ping says which version is spoken, with and without a version prefix", async () => {
  await using door = await openDoor(createFakeEngine().ports);
  for (const path of ["/_ping", "/v1.24/_ping", "/v1.55/_ping"]) {
    const reply = await door.call("GET", path);
    assert.deepEqual([reply.status, reply.text, reply.headers["api-version"]], [200, "OK", "1.55"]);
  }
  const head = await door.call("HEAD", "/_ping");
  assert.deepEqual([head.status, head.text, head.headers.ostype], [200, "", "linux"]);
});

const refusals: [method: string, path: string, status: number, message: RegExp][] = [
  ["GET", "/v1.23/_ping", 400, /client version 1.23 is too old/],
  ["GET", "/v1.99/info", 400, /client version 1.99 is too new/],
  ["GET", "/v1.24/system/df", 400, /requires minimum API version 1.25/],
  ["GET", "/nowhere", 404, /^page not found$/],
  ["DELETE", "/containers/json/json", 404, /^page not found$/],
  ["GET", "/containers/%ff/json", 400, /is not percent-encoded/],
  ["GET", "/containers/a%00b/json", 400, /NUL byte/],
  ["GET", "//host/containers/json", 404, /^page not found$/],
  ["GET", "/containers/json?filters=x", 400, /the filters parameter: it is not valid JSON/],
  ["POST", "/containers/x/stop?t=soon", 400, /invalid parameter t: "soon" is not a whole number/],
];

for (const [method, path, status, message] of refusals) {
  test(`${method} ${path} is refused with ${status} and a sentence`, async () => {
    await using door = await openDoor(createFakeEngine().ports);
    const reply = await door.call(method, path);
    assert.equal(reply.status, status);
    assert.equal(reply.headers["content-type"], "application/json");
    assert.match((reply.json() as { message: string }).message, message);
  });
}

test("a failure carries kind, code, hint and details for clients that know them", async () => {
  await using door = await openDoor(createFakeEngine().ports);
  const reply = await door.call("GET", "/containers/absent/json");
  assert.deepEqual(reply.json(), {
    message: "No such container: absent",
    tug: { kind: "notFound", code: "FAKE_NO_CONTAINER", details: { container: "absent" } },
  });
});

test("a body that is too large, of another type or no JSON is refused and nothing is made", async () => {
  const engine = createFakeEngine();
  await using door = await openDoor(engine.ports);
  const huge = JSON.stringify({ Image: "busybox", Env: ["A=".padEnd(5 * 1024 * 1024, "x")] });
  const type = { "Content-Type": "application/json" };
  for (const [body, headers, message] of [
    [huge, type, /larger than 4194304 bytes/],
    ["{}", { "Content-Type": "text/plain" }, /it is "text\/plain", not "application\/json"/],
    ["{", type, /not valid JSON/],
  ] as const) {
    const reply = await door.call("POST", "/containers/create", { body, headers });
    assert.equal(reply.status, 400);
    assert.match((reply.json() as { message: string }).message, message);
  }
  assert.deepEqual(engine.containers.requests, []);
});

test("closing the door ends requests that wait", async () => {
  const engine = createFakeEngine();
  const door = await openDoor(engine.ports);
  await engine.ports.containers.create({ ...sleeper, name: "web" } as never, new AbortController().signal);
  await engine.ports.containers.start("web", new AbortController().signal);
  const waiting = await door.begin("POST", "/containers/web/wait");
  assert.equal(waiting.statusCode, 200);
  const cut = assert.rejects(readAll(waiting));
  await door[Symbol.asyncDispose]();
  await cut;
});

const sleeper = { image: "busybox", command: ["sleep"], stdio: { tty: false, openStdin: false } };
