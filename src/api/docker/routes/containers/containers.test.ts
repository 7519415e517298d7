import assert from "node:assert/strict";
import { once } from "node:events";
import { test } from "node:test";
import type { dockerApi } from "../../../../specs/index.ts";
import { createFakeEngine } from "../../testing/fake-engine.ts";
import { type OpenDoor, openDoor, readAll } from "../../testing/open-door.ts";

async function create(door: OpenDoor, name: string, body: object): Promise<string> {
  const reply = await door.call("POST", `/v1.50/containers/create?name=${name}`, {
    body: { Image: "busybox", ...body },
  });
  assert.equal(reply.status, 201, reply.text);
  return (reply.json() as dockerApi.ContainerCreated).Id;
}

test("a container is created, started, waited for and removed", async () => {
  const engine = createFakeEngine();
  await using door = await openDoor(engine.ports);
  const id = await create(door, "web", { Cmd: ["exit", "3"] });
  const waiting = await door.begin("POST", `/containers/${id}/wait?condition=next-exit`);
  assert.equal((await door.call("POST", `/containers/${id}/start`)).status, 204);
  assert.deepEqual(JSON.parse(await readAll(waiting)), { StatusCode: 3 });
  assert.equal((await door.call("DELETE", "/containers/web?v=1")).status, 204);
  assert.deepEqual(engine.containers.calls, ["create web", "start web", "remove web volumes"]);
});

test("wait sends its headers before the container ends", async () => {
  await using door = await openDoor(createFakeEngine().ports);
  await create(door, "web", { Cmd: ["sleep"] });
  await door.call("POST", "/containers/web/start");
  const waiting = await door.begin("POST", "/containers/web/wait?condition=not-running");
  assert.equal(waiting.statusCode, 200);
  assert.equal((await door.call("POST", "/containers/web/kill?signal=TERM")).status, 204);
  assert.deepEqual(JSON.parse(await readAll(waiting)), { StatusCode: 143 });
});

test("a wait condition that does not exist is refused", async () => {
  await using door = await openDoor(createFakeEngine().ports);
  await create(door, "web", {});
  const reply = await door.call("POST", "/containers/web/wait?condition=bored");
  assert.equal(reply.status, 400);
  assert.match(reply.text, /\\"bored\\" is not one of not-running, next-exit, removed/);
});

test("a missing image is 404 in the words that make a client pull", async () => {
  await using door = await openDoor(createFakeEngine().ports);
  const reply = await door.call("POST", "/containers/create", { body: { Image: "absent" } });
  assert.equal(reply.status, 404);
  assert.equal((reply.json() as { message: string }).message, "No such image: absent");
});

test("a name that is taken is a conflict in Docker's words", async () => {
  await using door = await openDoor(createFakeEngine().ports);
  const id = await create(door, "web", {});
  const reply = await door.call("POST", "/containers/create?name=web", { body: { Image: "busybox" } });
  assert.equal(reply.status, 409);
  const start = `Conflict. The container name "/web" is already in use by container "${id}".`;
  assert.ok((reply.json() as { message: string }).message.startsWith(start));
});

test("a command that cannot be found is said so that the stock client exits with 127", async () => {
  await using door = await openDoor(createFakeEngine().ports);
  await create(door, "web", { Cmd: ["nonesuch"] });
  const reply = await door.call("POST", "/containers/web/start");
  assert.equal(reply.status, 400);
  assert.match((reply.json() as { message: string }).message, /executable file not found in \$PATH/);
});

test("starting what runs and stopping what does not are 304 without a body", async () => {
  await using door = await openDoor(createFakeEngine().ports);
  await create(door, "web", { Cmd: ["sleep"] });
  assert.equal((await door.call("POST", "/containers/web/stop")).status, 304);
  await door.call("POST", "/containers/web/start");
  const again = await door.call("POST", "/containers/web/start");
  assert.deepEqual([again.status, again.text], [304, ""]);
});

test("stop passes on the timeout, and the signal from 1.42 on", async () => {
  const engine = createFakeEngine();
  await using door = await openDoor(engine.ports);
  await create(door, "web", { Cmd: ["sleep"] });
  await door.call("POST", "/v1.41/containers/web/stop?t=5&signal=INT");
  await door.call("POST", "/v1.42/containers/web/stop?t=-1&signal=INT");
  assert.deepEqual(engine.containers.calls.slice(1), ["stop web - 5", "stop web INT -1"]);
});

test("the list shows running containers, all of them, or those that fit the filters", async () => {
  await using door = await openDoor(createFakeEngine().ports);
  await create(door, "one", { Cmd: ["sleep"], Labels: { tier: "front" } });
  await create(door, "two", { Cmd: ["sleep"], Labels: { tier: "back" } });
  await door.call("POST", "/containers/one/start");
  const names = async (query: string) => {
    const reply = await door.call("GET", `/containers/json?${query}`);
    return (reply.json() as dockerApi.ContainerSummary[]).map((container) => container.Names[0]);
  };
  const filter = (filters: object) => `filters=${encodeURIComponent(JSON.stringify(filters))}`;
  assert.deepEqual(await names(""), ["/one"]);
  assert.deepEqual(await names("all=1"), ["/two", "/one"]);
  assert.deepEqual(await names("limit=1"), ["/two"]);
  assert.deepEqual(await names(filter({ status: ["created"] })), ["/two"]);
  assert.deepEqual(await names(`all=1&${filter({ label: ["tier=front"] })}`), ["/one"]);
  const both = ["tier=front", "tier"];
  assert.deepEqual(await names(`all=1&${filter({ label: both })}`), ["/one"], "labels are no alternatives");
  assert.deepEqual(await names(`all=1&${filter({ status: ["created", "running"] })}`), ["/two", "/one"]);
  assert.deepEqual(await names(`all=1&${filter({ "is-task": ["true"] })}`), []);
  assert.deepEqual(await names(`all=1&${filter({ name: ["^/?t"] })}`), ["/two"]);
  assert.deepEqual(await names(`all=1&${filter({ ancestor: ["docker.io/library/busybox"] })}`), [
    "/two",
    "/one",
  ]);
  assert.deepEqual(await names(`all=1&${filter({ ancestor: ["busybox:1"] })}`), []);
  assert.deepEqual(await names(`all=1&${filter({ status: { running: true }, label: { tier: true } })}`), [
    "/one",
  ]);
});

test("a filter that nothing could ever fit is refused", async () => {
  await using door = await openDoor(createFakeEngine().ports);
  for (const [name, value] of [
    ["status", "asleep"],
    ["health", "fine"],
    ["exited", "zero"],
    ["is-task", "maybe"],
  ] as const) {
    const query = encodeURIComponent(JSON.stringify({ [name]: [value] }));
    const reply = await door.call("GET", `/containers/json?filters=${query}`);
    assert.equal(reply.status, 400);
    assert.match(
      (reply.json() as { message: string }).message,
      new RegExp(`invalid filter '${name}=${value}'`),
    );
  }
});

test("logs are framed unless the container has a terminal", async () => {
  await using door = await openDoor(createFakeEngine().ports);
  await create(door, "plain", { Cmd: ["complain", "no"] });
  await create(door, "screen", { Cmd: ["echo", "yes"], Tty: true });
  for (const name of ["plain", "screen"]) await door.call("POST", `/containers/${name}/start`);
  const plain = await door.call("GET", "/containers/plain/logs?stdout=1&stderr=1&timestamps=1");
  assert.equal(plain.headers["content-type"], "application/vnd.docker.multiplexed-stream");
  const line = "2026-01-02T03:04:05.000000006Z no\n";
  assert.equal(plain.text, `\x02\0\0\0\0\0\0${String.fromCharCode(line.length)}${line}`);
  const screen = await door.call("GET", "/containers/screen/logs?stdout=1");
  assert.deepEqual(
    [screen.headers["content-type"], screen.text],
    ["application/vnd.docker.raw-stream", "yes\n"],
  );
  assert.equal((await door.call("GET", "/containers/plain/logs")).status, 400);
});

test("export streams an archive, resize reaches the terminal, rename changes the name", async () => {
  const engine = createFakeEngine();
  await using door = await openDoor(engine.ports);
  await create(door, "web", { Cmd: ["sleep"] });
  const archive = await door.call("GET", "/containers/web/export");
  assert.deepEqual([archive.headers["content-type"], archive.text], ["application/x-tar", "archive of web"]);
  assert.equal((await door.call("POST", "/containers/web/resize?h=24&w=80")).status, 200);
  assert.equal((await door.call("POST", "/containers/web/resize?h=24")).status, 400);
  assert.equal((await door.call("POST", "/containers/web/resize?h=24&w=70000")).status, 400);
  assert.equal((await door.call("POST", "/containers/web/rename?name=/www")).status, 204);
  assert.equal((await engine.ports.containers.get("www")).name, "www");
});

test("a client that vanishes from a wait leaves nothing behind", async () => {
  const engine = createFakeEngine();
  const aborted = Promise.withResolvers<void>();
  const containers = {
    ...engine.ports.containers,
    wait: async (_reference: string, _condition: dockerApi.WaitCondition, signal: AbortSignal) => {
      signal.addEventListener("abort", () => aborted.resolve());
      return { ended: new Promise<never>(() => {}) };
    },
  };
  await using door = await openDoor({ ...engine.ports, containers });
  const socket = await door.dial();
  socket.write("POST /containers/web/wait HTTP/1.1\r\nHost: door\r\nContent-Length: 0\r\n\r\n");
  await once(socket, "data");
  socket.destroy();
  await aborted.promise;
});

test("checkpoints are made, listed, used and removed where they are said to be", async () => {
  const engine = createFakeEngine();
  await using door = await openDoor(engine.ports);
  await create(door, "web", { Cmd: ["sleep"] });
  const path = "/containers/web/checkpoints";
  const make = async (body: object) => (await door.call("POST", path, { body })).status;
  assert.equal(await make({ CheckpointID: "first", Exit: true }), 201);
  assert.equal(await make({ CheckpointID: "second", CheckpointDir: "/srv" }), 201);
  assert.equal(await make({ CheckpointID: 7 }), 400);
  assert.deepEqual((await door.call("GET", `${path}?dir=/srv`)).json(), [
    { Name: "first" },
    { Name: "second" },
  ]);
  assert.equal((await door.call("DELETE", `${path}/first`)).status, 204);
  assert.equal((await door.call("DELETE", `${path}/second?dir=/srv`)).status, 204);
  const start = "/containers/web/start?checkpoint=second&checkpoint-dir=/srv";
  assert.equal((await door.call("POST", start)).status, 204);
  assert.deepEqual(engine.containers.calls, [
    "create web",
    "checkpoint web first - false",
    "checkpoint web second /srv true",
    "checkpoints web /srv",
    "removeCheckpoint web first -",
    "removeCheckpoint web second /srv",
    "start web second /srv",
  ]);
});
