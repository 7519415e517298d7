import assert from "node:assert/strict";
import { once } from "node:events";
import { test } from "node:test";
import { dockerApi } from "../../../../specs/index.ts";
import { createFakeEngine } from "../../testing/fake-engine.ts";
import { type OpenDoor, openDoor, readAll } from "../../testing/open-door.ts";

/** A running container `web`. */
async function openWithContainer() {
  const engine = createFakeEngine();
  const door = await openDoor(engine.ports);
  await door.call("POST", "/containers/create?name=web", { body: { Image: "busybox", Cmd: ["sleep"] } });
  await door.call("POST", "/containers/web/start");
  return { engine, door, [Symbol.asyncDispose]: () => door[Symbol.asyncDispose]() };
}

const ALL = { AttachStdin: true, AttachStdout: true, AttachStderr: true };

async function create(door: OpenDoor, body: object): Promise<string> {
  const reply = await door.call("POST", "/v1.50/containers/web/exec", { body });
  assert.equal(reply.status, 201, reply.text);
  return (reply.json() as dockerApi.ExecCreated).Id;
}

async function inspect(door: OpenDoor, id: string): Promise<dockerApi.ExecInspect> {
  return (await door.call("GET", `/exec/${id}/json`)).json() as dockerApi.ExecInspect;
}

/** Starts a session over a connection of the test's own; the body goes out in the given pieces. */
async function upgrade(door: OpenDoor, path: string, pieces: readonly string[]) {
  const socket = await door.dial();
  const [body = ""] = pieces;
  const length = pieces.slice(0, -1).join("").length;
  const head = [
    `POST ${path} HTTP/1.1`,
    "Host: door",
    "Connection: Upgrade",
    "Upgrade: tcp",
    "Content-Type: application/json",
    `Content-Length: ${length}`,
  ];
  socket.write(`${head.join("\r\n")}\r\n\r\n${body}`);
  for (const piece of pieces.slice(1)) {
    await new Promise((resolve) => setImmediate(resolve));
    socket.write(piece);
  }
  let seen = Buffer.alloc(0);
  while (!seen.includes("\r\n\r\n"))
    seen = Buffer.concat([seen, ((await once(socket, "data")) as [Buffer])[0]]);
  const end = seen.indexOf("\r\n\r\n") + 4;
  const first = seen.subarray(end);
  const rest = readAll(socket).then((text) => first.toString() + text);
  return { socket, head: seen.subarray(0, end).toString(), rest };
}

test("a session is made with everything that a client asks for, and shown with it", async () => {
  await using place = await openWithContainer();
  const { door, engine } = place;
  const id = await create(door, {
    ...ALL,
    Cmd: ["echo", "a", "b"],
    Env: ["A=1", "B"],
    User: "web:staff",
    WorkingDir: "/srv",
    Privileged: true,
    Tty: true,
    ConsoleSize: [24, 80],
    DetachKeys: "ctrl-a",
  });
  assert.deepEqual(engine.execs.requests, [
    {
      args: ["echo", "a", "b"],
      env: ["A=1", "B"],
      user: "web:staff",
      workingDir: "/srv",
      privileged: true,
      tty: true,
      attach: { stdin: true, stdout: true, stderr: true },
      consoleSize: { height: 24, width: 80 },
      detachKeys: "ctrl-a",
    },
  ]);
  const shown = await inspect(door, id);
  assert.deepEqual([shown.Running, shown.ExitCode, shown.Pid], [false, null, 0]);
  assert.deepEqual(shown.ProcessConfig, {
    entrypoint: "echo",
    arguments: ["a", "b"],
    tty: true,
    privileged: true,
    user: "web:staff",
  });
});

test("what cannot be meant is refused with its place", async () => {
  await using place = await openWithContainer();
  const refusal = async (body: object) => {
    const reply = await place.door.call("POST", "/containers/web/exec", { body });
    return [reply.status, (reply.json() as { message: string }).message];
  };
  assert.deepEqual(await refusal({}), [400, "invalid /Cmd: no exec command specified"]);
  assert.deepEqual(await refusal({ Cmd: ["x"], Env: ["=1"] }), [
    400,
    "invalid /Env/0: invalid environment variable: =1",
  ]);
  assert.equal((await refusal({ Cmd: ["x"], WorkingDir: "srv" }))[0], 400);
  assert.match((await refusal({ Cmd: "x" }))[1] as string, /\/Cmd/);
});

test("a container that does not run, or is not there, is told in Docker's words", async () => {
  await using place = await openWithContainer();
  const { door } = place;
  const body = { Cmd: ["echo"] };
  assert.match(
    (await door.call("POST", "/containers/absent/exec", { body })).text,
    /No such container: absent/,
  );
  await door.call("POST", "/containers/create?name=idle", { body: { Image: "busybox" } });
  const idle = await door.call("POST", "/containers/idle/exec", { body });
  assert.deepEqual([idle.status, /is not running/.test(idle.text)], [409, true]);
  const unknown = await door.call("GET", "/exec/beef/json");
  assert.deepEqual([unknown.status, unknown.text.includes("No such exec instance: beef")], [404, true]);
});

test("a start takes its body from the upgrade request, and what follows it is input", async () => {
  await using place = await openWithContainer();
  const { door } = place;
  const body = JSON.stringify({ Detach: false, Tty: false });
  for (const pieces of [
    [body, ""],
    [`${body}early `, ""],
    [body.slice(0, 5), body.slice(5), "late "],
  ]) {
    const id = await create(door, { ...ALL, Cmd: ["cat"] });
    const early = pieces[0]?.slice(body.length) ?? "";
    const path = `/v1.50/exec/${id}/start`;
    const sent = early === "" ? pieces : [body, early];
    const { socket, head, rest } = await upgrade(door, path, sent);
    assert.match(
      head,
      /^HTTP\/1\.1 101 UPGRADED\r\nContent-Type: application\/vnd\.docker\.multiplexed-stream\r\n/,
    );
    socket.end("end");
    const output = dockerApi.createFrameDecoder()(Buffer.from(await rest));
    assert.equal(Buffer.concat(output.map(({ data }) => data)).toString(), `${sent.at(-1)}end`);
    assert.deepEqual([(await inspect(door, id)).Running, (await inspect(door, id)).ExitCode], [false, 0]);
  }
});

test("a session without an upgrade gets its output in the response, and no input", async () => {
  await using place = await openWithContainer();
  const { door } = place;
  const id = await create(door, { ...ALL, Cmd: ["cat"] });
  const reply = await door.call("POST", `/exec/${id}/start`, { body: { Detach: false } });
  assert.deepEqual([reply.status, reply.text], [200, ""]);
  assert.equal((await inspect(door, id)).ExitCode, 0);
});

test("a detached start answers when the program runs, and a session starts once", async () => {
  await using place = await openWithContainer();
  const { door } = place;
  const id = await create(door, { Cmd: ["sleep"] });
  const body = { Detach: true };
  const started = await door.call("POST", `/exec/${id}/start`, { body });
  assert.deepEqual([started.status, started.text], [200, ""]);
  assert.equal((await inspect(door, id)).Running, true);
  assert.equal((await door.call("POST", `/exec/${id}/start`, { body })).status, 409);
});

test("a program that cannot be found is told as output, or as the answer of a detached start", async () => {
  await using place = await openWithContainer();
  const { door } = place;
  const attached = await create(door, { AttachStdout: true, Cmd: ["nonesuch"] });
  const { rest } = await upgrade(door, `/v1.50/exec/${attached}/start`, ["{}", ""]);
  const [chunk] = dockerApi.createFrameDecoder()(Buffer.from(await rest));
  assert.match(Buffer.from(chunk?.data ?? []).toString(), /executable file not found in \$PATH\r\n$/);
  assert.equal((await inspect(door, attached)).ExitCode, 127);
  const detached = await create(door, { Cmd: ["nonesuch"] });
  const reply = await door.call("POST", `/exec/${detached}/start`, { body: { Detach: true } });
  assert.deepEqual([reply.status, /executable file not found/.test(reply.text)], [400, true]);
});

test("a terminal's size follows resize, and its detach keys leave the program running", async () => {
  await using place = await openWithContainer();
  const { door } = place;
  const id = await create(door, { ...ALL, Tty: true, Cmd: ["size"], DetachKeys: "ctrl-a,x" });
  const { socket, head, rest } = await upgrade(door, `/v1.50/exec/${id}/start`, ['{"Tty":true}', ""]);
  assert.match(head, /Content-Type: application\/vnd\.docker\.raw-stream/);
  assert.equal((await door.call("POST", `/exec/${id}/resize?h=30&w=90`)).status, 200);
  assert.equal((await door.call("POST", `/exec/${id}/resize?h=30`)).status, 400);
  socket.write("?");
  await new Promise((resolve) => setImmediate(resolve));
  socket.write("\x01x");
  assert.equal(await rest, "30x90");
  assert.equal((await inspect(door, id)).Running, true);
});

test("a terminal's output comes in frames to a client that does not read a terminal", async () => {
  await using place = await openWithContainer();
  const { door } = place;
  for (const [Tty, type] of [
    [true, "application/vnd.docker.raw-stream"],
    [false, "application/vnd.docker.multiplexed-stream"],
  ] as const) {
    const id = await create(door, { ...ALL, Cmd: ["echo", "seen"], Tty: true });
    const reply = await door.call("POST", `/v1.50/exec/${id}/start`, { body: { Tty } });
    const framed = reply.text.startsWith("\u0001\0\0\0");
    assert.deepEqual([reply.headers["content-type"], framed], [type, !Tty]);
    assert.match(reply.text, /seen/);
  }
});
