import assert from "node:assert/strict";
import { once } from "node:events";
import type { Socket } from "node:net";
import { test } from "node:test";
import { dockerApi } from "../../../specs/index.ts";
import { createFakeEngine } from "../testing/fake-engine.ts";
import { type OpenDoor, openDoor, readAll } from "../testing/open-door.ts";

type Attached = { socket: Socket; head: string; rest: Promise<Buffer> };

async function attach(door: OpenDoor, path: string, early = ""): Promise<Attached> {
  const socket = await door.dial();
  const lines = [
    `POST ${path} HTTP/1.1`,
    "Host: door",
    "Connection: Upgrade",
    "Upgrade: tcp",
    "Content-Length: 0",
  ];
  socket.write(`${lines.join("\r\n")}\r\n\r\n${early}`);
  let seen = Buffer.alloc(0);
  while (!seen.includes("\r\n\r\n"))
    seen = Buffer.concat([seen, ((await once(socket, "data")) as [Buffer])[0]]);
  const end = seen.indexOf("\r\n\r\n") + 4;
  const first = seen.subarray(end);
  const rest = readBytes(socket).then((bytes) => Buffer.concat([first, bytes]));
  return { socket, head: seen.subarray(0, end).toString(), rest };
}

async function readBytes(socket: Socket): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of socket) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}

async function create(door: OpenDoor, body: object): Promise<void> {
  const reply = await door.call("POST", "/containers/create?name=web", {
    body: { Image: "busybox", ...body },
  });
  assert.equal(reply.status, 201, reply.text);
}

const start = (door: OpenDoor) => door.call("POST", "/containers/web/start");

const ALL = "stdin=1&stdout=1&stderr=1&stream=1";
const OPEN = { OpenStdin: true, StdinOnce: true, AttachStdin: true };

test("attach upgrades the connection and frames both outputs", async () => {
  await using door = await openDoor(createFakeEngine().ports);
  await create(door, { Cmd: ["complain", "no"] });
  const { head, rest } = await attach(door, `/v1.50/containers/web/attach?${ALL}`);
  assert.match(
    head,
    /^HTTP\/1\.1 101 UPGRADED\r\nContent-Type: application\/vnd\.docker\.multiplexed-stream\r\n/,
  );
  await start(door);
  assert.deepEqual(dockerApi.createFrameDecoder()(await rest), [
    { stream: "stderr", data: Buffer.from("no\n") },
  ]);
});

test("a client that closes its half still gets the output", async () => {
  await using door = await openDoor(createFakeEngine().ports);
  await create(door, { Cmd: ["echo", "late"] });
  const { socket, rest } = await attach(door, "/containers/web/attach?stdout=1&stderr=1&stream=1");
  socket.end();
  await start(door);
  assert.deepEqual(dockerApi.createFrameDecoder()(await rest), [
    { stream: "stdout", data: Buffer.from("late\n") },
  ]);
});

test("input that came with the request is not lost, and its end reaches the container", async () => {
  await using door = await openDoor(createFakeEngine().ports);
  await create(door, { Cmd: ["cat"], ...OPEN });
  const { socket, rest } = await attach(door, `/containers/web/attach?${ALL}`, "early ");
  await start(door);
  socket.end("late");
  const output = dockerApi
    .createFrameDecoder()(await rest)
    .map((chunk) => chunk.data);
  assert.equal(Buffer.concat(output).toString(), "early late");
});

test("a terminal's output is not framed, and a client that leaves does not end its input", async () => {
  const engine = createFakeEngine();
  let inputEnded = false;
  const containers = {
    ...engine.ports.containers,
    attach: async (...args: Parameters<typeof engine.ports.containers.attach>) => ({
      ...(await engine.ports.containers.attach(...args)),
      closeStdin: async () => {
        inputEnded = true;
      },
    }),
  };
  await using door = await openDoor({ ...engine.ports, containers });
  await create(door, { Cmd: ["sleep"], Tty: true, ...OPEN });
  const { socket, head, rest } = await attach(door, `/containers/web/attach?${ALL}`);
  assert.match(head, /Content-Type: application\/vnd\.docker\.raw-stream/);
  await start(door);
  socket.end();
  await door.call("POST", "/containers/web/kill");
  await rest;
  assert.equal(inputEnded, false);
});

test("a client that is not asked for input may send some without harm", async () => {
  await using door = await openDoor(createFakeEngine().ports);
  await create(door, { Cmd: ["echo", "done"], Tty: true });
  const { socket, rest } = await attach(door, "/containers/web/attach?stdout=1&stream=1", "noise");
  socket.write("more noise");
  await start(door);
  assert.equal((await rest).toString(), "done\n");
});

test("the detach keys end the attachment and leave the container running", async () => {
  const engine = createFakeEngine();
  await using door = await openDoor(engine.ports);
  await create(door, { Cmd: ["cat"], Tty: true, ...OPEN });
  await start(door);
  const { socket, rest } = await attach(door, `/containers/web/attach?${ALL}&detachKeys=ctrl-a,x`);
  socket.write("ab\x01");
  socket.write("x");
  assert.equal((await rest).toString(), "ab");
  assert.equal((await engine.ports.containers.get("web")).state.status, "running");
});

test("a client that vanishes is noticed and the attachment closed", async () => {
  const engine = createFakeEngine();
  const closed = Promise.withResolvers<void>();
  const containers = {
    ...engine.ports.containers,
    attach: async (...args: Parameters<typeof engine.ports.containers.attach>) => {
      const attachment = await engine.ports.containers.attach(...args);
      return {
        ...attachment,
        close: async () => {
          await attachment.close();
          closed.resolve();
        },
      };
    },
  };
  await using door = await openDoor({ ...engine.ports, containers });
  await create(door, { Cmd: ["cat"], ...OPEN });
  await start(door);
  const { socket, rest } = await attach(door, `/containers/web/attach?${ALL}`);
  rest.catch(() => {});
  socket.destroy();
  await closed.promise;
});

test("output that nobody reads yet arrives whole", async () => {
  await using door = await openDoor(createFakeEngine().ports);
  await create(door, { Cmd: ["yes", "4000000"], Tty: true });
  const { rest } = await attach(door, "/containers/web/attach?stdout=1&stream=1");
  await start(door);
  assert.equal((await rest).length, 4_000_000);
});

test("an attach that fails is answered as any request is", async () => {
  await using door = await openDoor(createFakeEngine().ports);
  const { head, rest } = await attach(door, `/containers/absent/attach?${ALL}`);
  assert.match(head, /^HTTP\/1\.1 404 Not Found\r\n/);
  assert.match((await rest).toString(), /"message":"No such container: absent"/);
});

test("without an upgrade the output comes in the response", async () => {
  await using door = await openDoor(createFakeEngine().ports);
  await create(door, { Cmd: ["echo", "plain"], Tty: true });
  const response = await door.begin("POST", "/containers/web/attach?stdout=1&stream=1");
  assert.equal(response.statusCode, 200);
  await start(door);
  assert.equal(await readAll(response), "plain\n");
});

test("an upgrade that no endpoint understands is served without one", async () => {
  await using door = await openDoor(createFakeEngine().ports);
  const reply = await door.call("GET", "/_ping", { headers: { Connection: "Upgrade", Upgrade: "h2c" } });
  assert.deepEqual([reply.status, reply.text], [200, "OK"]);
});
