import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { test } from "node:test";
import { createDecoder, type WebSocketEvent } from "./decoder.ts";
import { encodeClose, encodeFrame, opcodes } from "./frame.ts";
import { encodeHandshake, readHandshake } from "./handshake.ts";
import { clientFrame } from "./testing/client-frame.ts";

const { TEXT, BINARY, CONTINUATION, CLOSE, PING, PONG } = opcodes;

/** Events as short texts; data that comes in pieces as one. */
function told(events: readonly WebSocketEvent[]): string[] {
  const lines: string[] = [];
  for (const event of events) {
    const isMore = lines.at(-1)?.startsWith("data ") ?? false;
    if (event.kind === "data")
      lines.push(`${isMore ? lines.pop() : "data "}${event.bytes.toString("latin1")}`);
    else if (event.kind === "ping" || event.kind === "pong") lines.push(`${event.kind} ${event.payload}`);
    else lines.push(`${event.kind} ${event.code} ${event.reason}`);
  }
  return lines;
}

/** What is made of bytes, in pieces of a size. */
function decoded(bytes: Uint8Array, size = bytes.length): string[] {
  const decode = createDecoder();
  const events: WebSocketEvent[] = [];
  for (let at = 0; at < bytes.length; at += size) events.push(...decode(bytes.subarray(at, at + size)));
  return told(events);
}

const headers = {
  upgrade: "WebSocket",
  connection: "keep-alive, Upgrade",
  "sec-websocket-version": "13",
  "sec-websocket-key": "dGhlIHNhbXBsZSBub25jZQ==",
};

test("section 1.3: the handshake proves that the key was read", () => {
  const handshake = readHandshake({ ...headers, "sec-websocket-protocol": "chat, superchat" });
  assert.ok("accept" in handshake);
  assert.deepEqual(handshake, { accept: "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=", protocol: "chat" });
  assert.match(
    encodeHandshake(handshake),
    /^HTTP\/1\.1 101 .*\r\nSec-WebSocket-Accept: s3pP.*\r\nSec-WebSocket-Protocol: chat\r\n\r\n$/s,
  );
  assert.deepEqual(Object.keys(readHandshake(headers)), ["accept", "protocol"]);
});

test("section 4.2.1: a request without what a handshake needs is none", () => {
  for (const [name, value] of [
    ["upgrade", "tcp"],
    ["connection", "close"],
    ["sec-websocket-version", "8"],
    ["sec-websocket-key", "c2hvcnQ="],
    ["sec-websocket-key", undefined],
    ["sec-websocket-protocol", "a b"],
  ] as const) {
    assert.ok("wrong" in readHandshake({ ...headers, [name]: value }), `${name}: ${value}`);
  }
});

test("section 5.7: the examples", () => {
  const hello = [0x37, 0xfa, 0x21, 0x3d, 0x7f, 0x9f, 0x4d, 0x51, 0x58];
  assert.deepEqual(decoded(Buffer.from([0x81, 0x85, ...hello])), ["data Hello"]);
  assert.deepEqual(decoded(Buffer.from([0x8a, 0x85, ...hello])), ["pong Hello"]);
  assert.deepEqual(encodeFrame(TEXT, Buffer.from("Hello")), Buffer.from("\x81\x05Hello", "latin1"));
  assert.deepEqual(
    encodeFrame(BINARY, Buffer.alloc(256)).subarray(0, 4),
    Buffer.from([0x82, 0x7e, 0x01, 0x00]),
  );
  assert.deepEqual(
    encodeFrame(BINARY, Buffer.alloc(65_536)).subarray(0, 10),
    Buffer.from([0x82, 0x7f, 0, 0, 0, 0, 0, 1, 0, 0]),
  );
});

test("messages in frames of all lengths come as they were sent, however they are cut", () => {
  const bytes = randomBytes(70_000).map((byte) => byte % 128);
  for (const length of [0, 1, 125, 126, 65_535, 65_536]) {
    const payload = bytes.subarray(0, length);
    const stream = Buffer.concat([clientFrame(BINARY, payload), clientFrame(PING, "then")]);
    const expected = [...(length > 0 ? [`data ${Buffer.from(payload)}`] : []), "ping then"];
    for (const size of [length > 1000 ? 777 : 1, 1000, stream.length])
      assert.deepEqual(decoded(stream, size), expected);
  }
});

test("section 5.4: control frames may come between the frames of a message", () => {
  const stream = Buffer.concat([
    clientFrame(TEXT, "one ", { isFinal: false }),
    clientFrame(PING, "now"),
    clientFrame(CONTINUATION, "", { isFinal: false }),
    clientFrame(CONTINUATION, "two"),
    clientFrame(BINARY, "!"),
    clientFrame(CLOSE, Buffer.from("\x03\xe8bye", "latin1")),
    clientFrame(TEXT, "nobody listens"),
  ]);
  for (const size of [1, 7, stream.length]) {
    assert.deepEqual(decoded(stream, size), ["data one ", "ping now", "data two!", "close 1000 bye"]);
  }
  assert.deepEqual(decoded(clientFrame(CLOSE, "")), ["close undefined "]);
});

test("sections 5.1 to 5.5: frames that break the protocol are failures, and nothing follows", () => {
  const failing: [what: RegExp, ...frames: Uint8Array[]][] = [
    [/not masked/, encodeFrame(TEXT, Buffer.from("plain"))],
    [/reserved bit/, changed(clientFrame(TEXT, "compressed"), 0, 0xc1)],
    [/opcode 3 is reserved/, clientFrame(3, "")],
    [/opcode 11 is reserved/, clientFrame(11, "")],
    [/in pieces or too long/, clientFrame(PING, "", { isFinal: false })],
    [/in pieces or too long/, clientFrame(PONG, Buffer.alloc(126))],
    [/continues no message/, clientFrame(CONTINUATION, "what")],
    [/before the end of one/, clientFrame(TEXT, "a", { isFinal: false }), clientFrame(TEXT, "b")],
    [/more bytes than it needs/, Buffer.from([0x82, 0xfe, 0, 125, 0, 0, 0, 0])],
    [/more bytes than it needs/, Buffer.from([0x82, 0xff, 0, 0, 0, 0, 0, 0, 255, 255, 0, 0, 0, 0])],
    [/highest bit/, Buffer.from([0x82, 0xff, 0x80, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0])],
    [/code of a close/, clientFrame(CLOSE, "x")],
    [/code of a close/, clientFrame(CLOSE, Buffer.from([0x03, 0xed]))],
    [/code of a close/, clientFrame(CLOSE, Buffer.from([0xff, 0xff]))],
  ];
  for (const [what, ...frames] of failing) {
    const stream = Buffer.concat([...frames, clientFrame(TEXT, "more")]);
    for (const size of [1, stream.length]) {
      const last = decoded(stream, size).at(-1) ?? "";
      assert.match(last, /^failure 1002 /, String(what));
      assert.match(last, what);
    }
  }
  const long = Buffer.from([0x82, 0xff, 0x7f, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0]);
  assert.deepEqual(decoded(long), ["failure 1009 a frame is too long"]);
});

test("section 8.1: text that is not UTF-8 is a failure as soon as that is known", () => {
  const euro = Buffer.from("€");
  const cut = [clientFrame(TEXT, euro.subarray(0, 1), { isFinal: false })];
  assert.deepEqual(decoded(Buffer.concat([...cut, clientFrame(CONTINUATION, euro.subarray(1))])).length, 1);
  const bad = "failure 1007 text is not UTF-8";
  assert.equal(decoded(Buffer.concat([...cut, clientFrame(CONTINUATION, "")])).at(-1), bad);
  assert.equal(decoded(clientFrame(TEXT, Buffer.from([0xff]), { isFinal: false })).at(-1), bad);
  assert.deepEqual(decoded(clientFrame(BINARY, euro.subarray(0, 1))).length, 1);
  assert.match(decoded(clientFrame(CLOSE, Buffer.from([3, 232, 0xff]))).at(-1) ?? "", /^failure 1007 /);
});

test("whatever comes, decoding it piece by piece or at once is the same", () => {
  for (let round = 0; round < 300; round += 1) {
    const bytes = randomBytes(1 + (round % 60));
    // Beginnings that get further than pure chance.
    bytes[0] = [0x82, 0x02, 0x88, 0x89, 0x00][round % 5] as number;
    if (bytes.length > 1) bytes[1] = 0x80 | (bytes[1] as number);
    const stream = Buffer.concat([clientFrame(PING, ""), bytes]);
    assert.deepEqual(settled(decoded(stream, 1)), settled(decoded(stream)), stream.toString("hex"));
  }
});

test("a close says why, as far as that fits", () => {
  assert.deepEqual(encodeClose(1000), Buffer.from([0x88, 2, 0x03, 0xe8]));
  const long = encodeClose(1002, "é".repeat(100));
  assert.deepEqual([long[1], long.subarray(4).toString()], [124, "é".repeat(61)]);
});

/** Without the begin of a text that was given on before its end turned out to be none. */
function settled(events: readonly string[]): string[] {
  return events.filter(
    (event, index) => !(event.startsWith("data ") && events[index + 1]?.startsWith("failure 1007")),
  );
}

function changed(bytes: Buffer, at: number, value: number): Buffer {
  bytes[at] = value;
  return bytes;
}
