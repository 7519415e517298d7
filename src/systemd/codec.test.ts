import assert from "node:assert/strict";
import { test } from "node:test";
import { marshal } from "./marshal.ts";
import { decodeMessage, encodeMessage, messageTypes } from "./message.ts";
import type { DbusValue } from "./signature.ts";
import { unmarshal } from "./unmarshal.ts";

const hex = (bytes: Buffer): string => bytes.toString("hex").replace(/(.{8})(?=.)/g, "$1 ");

test("values lie at their boundaries, as the specification's examples have it", () => {
  assert.equal(hex(marshal("s", ["foo"])), "03000000 666f6f00");
  assert.equal(hex(marshal("ss", ["+", "bar"])), "01000000 2b000000 03000000 62617200");
  assert.equal(hex(marshal("at", [[5n]])), "08000000 00000000 05000000 00000000");
  assert.equal(hex(marshal("yu", [1, 2])), "01000000 02000000");
  assert.equal(hex(marshal("v", [{ signature: "b", value: true }])), "01620000 01000000");
  assert.equal(hex(marshal("a(sv)", [[]])), "00000000 00000000");
});

test("what was written is read", () => {
  const signature = "ybiuxtsoga(sv)a(sa(sv))auay";
  const values: DbusValue[] = [
    ...[7, true, -5, 4294967295, -9n, 18446744073709551615n, "ünï", "/a/b", "a(sv)"],
    [
      ["PIDs", { signature: "au", value: [1, 2] }],
      ["Slice", { signature: "s", value: "a-b.slice" }],
    ],
    [["unit", [["Delegate", { signature: "b", value: false }]]]],
    [1, 2, 3],
    [0, 255],
  ];
  assert.deepEqual(unmarshal(signature, marshal(signature, values)), values);
});

test("a message is read when all of it has come, with what follows left alone", () => {
  const message = {
    type: messageTypes.CALL,
    serial: 3,
    path: "/org/freedesktop/systemd1",
    interface: "org.freedesktop.systemd1.Manager",
    member: "StopUnit",
    destination: "org.freedesktop.systemd1",
    signature: "ss",
    body: ["a.scope", "replace"],
  };
  const bytes = encodeMessage(message);
  for (let length = 0; length < bytes.length; length += 1) {
    assert.equal(decodeMessage(bytes.subarray(0, length)), undefined);
  }
  assert.deepEqual(decodeMessage(Buffer.concat([bytes, Buffer.from("l")])), {
    message,
    length: bytes.length,
  });
});

test("a message without a body is", () => {
  const bytes = encodeMessage({ type: messageTypes.RETURN, serial: 1, replySerial: 9, body: [] });
  assert.deepEqual(decodeMessage(bytes)?.message, { type: 2, serial: 1, replySerial: 9, body: [] });
});

test("bytes that are no message are refused, and none is waited for for ever", () => {
  const bytes = encodeMessage({ type: 4, serial: 1, member: "X", signature: "as", body: [["one"]] });
  for (let at = 0; at < bytes.length; at += 1) {
    for (const value of [0, 1, 0x7f, 0xff]) {
      const changed = Buffer.from(bytes);
      changed[at] = value;
      try {
        decodeMessage(changed);
      } catch (error) {
        assert.ok(error instanceof RangeError, String(error));
      }
    }
  }
  const huge = Buffer.from(bytes);
  huge.writeUInt32LE(0x7fffffff, 4);
  assert.throws(() => decodeMessage(huge), RangeError);
});

test("values that are not of their type are refused", () => {
  assert.throws(() => marshal("u", [-(2 ** 40)]), RangeError);
  assert.throws(() => marshal("s", ["a\0b"]), RangeError);
  assert.throws(() => marshal("ss", ["one"]), RangeError);
  assert.throws(() => marshal("a{s", [[]]), RangeError);
});
