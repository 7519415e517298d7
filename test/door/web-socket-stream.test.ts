import assert from "node:assert/strict";
import { once } from "node:events";
import { Duplex } from "node:stream";
import { test } from "node:test";
import { webSocketStream } from "../../src/api/docker/streams/web-socket.ts";
import { webSocket } from "../../src/specs/index.ts";
import { clientFrame } from "../../src/specs/web-socket/testing/client-frame.ts";
import { serverFrames } from "../../src/specs/web-socket/testing/server-frames.ts";

const { BINARY, PING } = webSocket.opcodes;

test("a client that asks without end and reads no answer gets the last one when it reads", async () => {
  const sent: Buffer[] = [];
  let read: (() => void) | undefined;
  let isReading = false;
  const socket = new Duplex({
    highWaterMark: 16,
    read() {},
    write(bytes: Buffer, _, done) {
      sent.push(bytes);
      if (isReading) done();
      else read = done;
    },
  });
  const stream = webSocketStream(socket, Buffer.alloc(0), { asText: false });
  const input = once(stream, "data");
  const pings = Array.from({ length: 1000 }, (_, index) => `ping number ${index}`);
  const frames = pings.map((text) => clientFrame(PING, text));
  socket.emit("data", Buffer.concat([...frames, clientFrame(BINARY, "input")]));
  assert.ok(socket.writableLength < 100, `${socket.writableLength} bytes wait to be read`);
  assert.ok(socket.listenerCount("drain") < 10, `${socket.listenerCount("drain")} wait for room`);
  const drained = once(socket, "drain");
  isReading = true;
  read?.();
  await drained;
  const answers = serverFrames(Buffer.concat(sent)).map(({ payload }) => payload.toString());
  assert.deepEqual([answers.at(0), answers.at(-1)], [pings.at(0), pings.at(-1)]);
  assert.ok(answers.length < 10, `${answers.length} answers`);
  assert.equal(String((await input)[0]), "input");
  socket.destroy();
});

test("a client that does not close its connection after the last message loses it", async (context) => {
  context.mock.timers.enable({ apis: ["setTimeout"] });
  const socket = new Duplex({ read() {}, write: (_bytes, _, done) => done() });
  const stream = webSocketStream(socket, Buffer.alloc(0), { asText: false });
  const ended = once(stream, "finish");
  stream.end("output");
  await ended;
  assert.equal(socket.destroyed, false);
  const closed = once(socket, "close");
  context.mock.timers.tick(10_000);
  await closed;
});
