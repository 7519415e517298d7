import assert from "node:assert/strict";
import { EventEmitter, once } from "node:events";
import type { Socket } from "node:net";
import { test } from "node:test";
import { createFakeEngine } from "../../src/api/docker/testing/fake-engine.ts";
import { type OpenDoor, openDoor } from "../../src/api/docker/testing/open-door.ts";
import { overTcp } from "../../src/api/docker/testing/over-tcp.ts";
import { webSocket } from "../../src/specs/index.ts";
import { clientFrame } from "../../src/specs/web-socket/testing/client-frame.ts";
import { serverFrames } from "../../src/specs/web-socket/testing/server-frames.ts";

const { TEXT, BINARY, CONTINUATION, CLOSE, PING, PONG } = webSocket.opcodes;
const FINAL = 0x80;
const ALL = "stdin=1&stdout=1&stderr=1&stream=1";
const cat = { Cmd: ["cat"], OpenStdin: true, StdinOnce: true };
const handshake = [
  "Host: door",
  "Connection: keep-alive, Upgrade",
  "Upgrade: websocket",
  "Sec-WebSocket-Version: 13",
  "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
];

type Frames = ReturnType<typeof serverFrames>;
type Attached = {
  readonly socket: Socket;
  readonly head: string;
  /** Everything that has come when the connection has ended. */
  readonly frames: Promise<Frames>;
  /** Waits until messages with this text have come, in whatever pieces. */
  seen(text: string): Promise<void>;
};

/** Asks for a WebSocket, and sends bytes along with the request. */
async function attach(
  door: OpenDoor,
  query = ALL,
  { early = Buffer.alloc(0), version = "", headers = handshake } = {},
): Promise<Attached> {
  const socket = await door.dial();
  const lines = [`GET ${version}/containers/web/attach/ws?${query} HTTP/1.1`, ...headers];
  socket.write(Buffer.concat([Buffer.from(`${lines.join("\r\n")}\r\n\r\n`), early]));
  const chunks: Buffer[] = [];
  const grown = new EventEmitter();
  socket.on("data", (chunk: Buffer) => {
    chunks.push(chunk);
    grown.emit("more");
  });
  const bytes = (): Buffer => Buffer.concat(chunks);
  const ended = once(socket, "end");
  while (!bytes().includes("\r\n\r\n")) await Promise.race([once(grown, "more"), ended]);
  const size = bytes().indexOf("\r\n\r\n") + 4;
  const frames = (): Frames => serverFrames(bytes().subarray(size));
  return {
    socket,
    head: bytes().subarray(0, size).toString(),
    frames: ended.then(frames),
    async seen(text) {
      while (textOf(frames()) !== text) await once(grown, "more");
    },
  };
}

async function create(door: OpenDoor, body: object): Promise<void> {
  const reply = await door.call("POST", "/containers/create?name=web", {
    body: { Image: "busybox", ...body },
  });
  assert.equal(reply.status, 201, reply.text);
}

const start = (door: OpenDoor) => door.call("POST", "/containers/web/start");
const closed = (code: number) => Buffer.from([code >> 8, code & 255]);
const textOf = (frames: Frames): string =>
  Buffer.concat(
    frames.filter(({ first }) => (first & 0x0f) <= BINARY).map(({ payload }) => payload),
  ).toString();

test("attach/ws makes the connection a WebSocket, whose output is bytes and ends with a close", async () => {
  await using door = await openDoor(createFakeEngine().ports);
  await create(door, { Cmd: ["complain", "no"] });
  const { head, frames, seen, socket } = await attach(door);
  assert.match(head, /^HTTP\/1\.1 101 .*\r\nSec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK\+xOo=\r\n/s);
  await start(door);
  await seen("no\n");
  socket.write(clientFrame(CLOSE, closed(1000)));
  assert.deepEqual(
    (await frames).map(({ first, payload }) => [first, payload.toString("latin1")]),
    [
      [FINAL | BINARY, "no\n"],
      [FINAL | CLOSE, "\x03\xe8"],
    ],
  );
});

test("before version 1.28 the output is text, whatever bytes it has", async () => {
  await using door = await openDoor(createFakeEngine().ports);
  await create(door, { Cmd: ["echo", "grüße"] });
  // Which streams are meant is not said before 1.42: all.
  const { frames, seen, socket } = await attach(door, "stream=1", { version: "/v1.27" });
  await start(door);
  await seen("grüße\n");
  socket.write(clientFrame(CLOSE, ""));
  assert.deepEqual(
    (await frames).map(({ first }) => first),
    [FINAL | TEXT, FINAL | CLOSE],
  );
  assert.equal(textOf(await frames), "grüße\n");
});

test("messages of any kind are input, also those that came with the request; a close ends it and is answered", async () => {
  await using door = await openDoor(createFakeEngine().ports);
  await create(door, cat);
  const early = Buffer.concat([clientFrame(TEXT, "ear", { isFinal: false }), clientFrame(PING, "there?")]);
  const { socket, frames, seen } = await attach(door, ALL, { early });
  await start(door);
  socket.write(Buffer.concat([clientFrame(CONTINUATION, "ly "), clientFrame(BINARY, "late")]));
  await seen("early late");
  socket.write(clientFrame(CLOSE, closed(3000)));
  const all = await frames;
  assert.deepEqual(all[0], { first: FINAL | PONG, payload: Buffer.from("there?") });
  assert.equal(textOf(all), "early late");
  assert.deepEqual(all.at(-1), { first: FINAL | CLOSE, payload: closed(3000) });
});

test("all input before a close reaches the container", async () => {
  const engine = createFakeEngine();
  const taken: string[] = [];
  const containers = {
    ...engine.ports.containers,
    attach: async (...args: Parameters<typeof engine.ports.containers.attach>) => ({
      ...(await engine.ports.containers.attach(...args)),
      write: async (data: Uint8Array) => {
        await new Promise(setImmediate);
        taken.push(Buffer.from(data).toString());
      },
      closeStdin: async () => void taken.push("end"),
    }),
  };
  await using door = await openDoor({ ...engine.ports, containers });
  await create(door, cat);
  await start(door);
  const sent = ["a", "b", "c"].map((text) => clientFrame(BINARY, text));
  const early = Buffer.concat([...sent, clientFrame(CLOSE, closed(1000))]);
  const { frames } = await attach(door, ALL, { early });
  assert.deepEqual(await frames, [{ first: FINAL | CLOSE, payload: closed(1000) }]);
  assert.deepEqual([taken.slice(0, -1).join(""), taken.at(-1)], ["abc", "end"]);
});

test("a client that breaks the protocol is told so and cut off, and the container runs on", async () => {
  const engine = createFakeEngine();
  await using door = await openDoor(engine.ports);
  await create(door, cat);
  await start(door);
  const unmasked = webSocket.encodeFrame(TEXT, Buffer.from("plain"));
  const { frames } = await attach(door, ALL, { early: Buffer.concat([unmasked, clientFrame(TEXT, "more")]) });
  const [last, ...others] = await frames;
  assert.deepEqual([last?.first, last?.payload.readUInt16BE(), others], [FINAL | CLOSE, 1002, []]);
  assert.equal((await engine.ports.containers.get("web")).state.status, "running");
});

test("the detach keys end the attachment with a close", async () => {
  const engine = createFakeEngine();
  await using door = await openDoor(engine.ports);
  await create(door, { ...cat, Tty: true });
  await start(door);
  const { socket, frames, seen } = await attach(door, `${ALL}&detachKeys=ctrl-a,x`);
  socket.write(clientFrame(TEXT, "ab"));
  await seen("ab");
  socket.write(Buffer.concat([clientFrame(TEXT, "\x01"), clientFrame(TEXT, "x")]));
  assert.equal(textOf(await frames), "ab");
  assert.equal((await frames).at(-1)?.first, FINAL | CLOSE);
  assert.equal((await engine.ports.containers.get("web")).state.status, "running");
});

test("what is no handshake, and what there is nothing to attach to, is answered as any request is", async () => {
  await using door = await openDoor(createFakeEngine().ports);
  const plain = await door.call("GET", "/containers/web/attach/ws");
  assert.deepEqual(
    [plain.status, plain.json()],
    [
      400,
      {
        message: "cannot attach by WebSocket: it does not ask for a WebSocket by Upgrade and Connection",
        tug: { kind: "invalid", code: "DOCKER_WEB_SOCKET", details: {} },
      },
    ],
  );
  const old = handshake.map((line) => line.replace("Version: 13", "Version: 8"));
  assert.match((await attach(door, ALL, { headers: old })).head, /^HTTP\/1\.1 400 /);
  const absent = await attach(door);
  assert.match(absent.head, /^HTTP\/1\.1 404 /);
});

test("the WebSocket of another implementation works", async () => {
  await using door = await openDoor(createFakeEngine().ports);
  await create(door, cat);
  await start(door);
  await using bridge = await overTcp(door.socketPath);
  const client = new WebSocket(`ws://127.0.0.1:${bridge.port}/containers/web/attach/ws?${ALL}`, ["docker"]);
  client.binaryType = "arraybuffer";
  await once(client, "open");
  assert.equal(client.protocol, "docker");
  const line = "x".repeat(100_000);
  let got = "";
  const whole = new Promise<void>((resolve) => {
    client.addEventListener("message", ({ data }) => {
      got += Buffer.from(data as ArrayBuffer).toString();
      if (got.length >= line.length) resolve();
    });
  });
  client.send(line);
  await whole;
  assert.equal(got, line);
  const left = once(client, "close") as Promise<[CloseEvent]>;
  client.close(1000, "done");
  const [{ code, wasClean }] = await left;
  assert.deepEqual([code, wasClean], [1000, true]);
});
