import assert from "node:assert/strict";
import { test } from "node:test";
import { exitCodeOf, parseExitRecord } from "./monitor-exit.ts";
import { encodeFields, u32, u64 } from "./monitor-fields.ts";

test("a full record", () => {
  const record = parseExitRecord(
    encodeFields([
      { id: 1, value: u32(9) },
      { id: 2, value: u64(1_234_567_890) },
      { id: 3, value: u64(2) },
      { id: 4, value: u64(300) },
      { id: 6, value: u32(256) },
      { id: 7, value: u32(42) },
      { id: 8, value: u64(77) },
      { id: 999, value: u32(1) },
    ]),
  );
  assert.deepEqual(record, {
    waitStatus: 9,
    finishedAt: 1_234_567_890n,
    oomKills: 2,
    droppedLogBytes: 300,
    failure: undefined,
    runStatus: 256,
    init: { pid: 42, startTime: 77n },
  });
  assert.equal(exitCodeOf(record), 137);
});

test("a container that was not created has no exit code, but a failure", () => {
  const failure = Buffer.alloc(13 + 4 + 4 + 1);
  failure.writeUInt8(2, 0);
  failure.writeUInt32LE(5, 1);
  failure.writeInt32LE(2, 5);
  failure.writeUInt32LE(0, 13);
  failure.writeUInt32LE(1, 17);
  failure.write("x", 21);
  const record = parseExitRecord(encodeFields([{ id: 5, value: failure }]));
  assert.equal(exitCodeOf(record), undefined);
  assert.deepEqual(record.failure, { list: "init", index: 5, errno: 2, status: 0, call: "", path: "x" });
});

test("a record that is cut or padded is refused", () => {
  const whole = encodeFields([{ id: 1, value: u32(0) }]);
  for (let length = 0; length < whole.length; length += 1)
    assert.throws(() => parseExitRecord(whole.subarray(0, length)), { code: "HELPER_PROTOCOL" });
  assert.throws(() => parseExitRecord(Buffer.concat([whole, u32(0)])), { code: "HELPER_PROTOCOL" });
  const lying = Buffer.from(whole);
  lying.writeUInt32LE(5, 10);
  assert.throws(() => parseExitRecord(lying), { code: "HELPER_PROTOCOL" });
});
