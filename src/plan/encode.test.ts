import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { test } from "node:test";
import { encodePlan } from "./encode.ts";
import type { Slot } from "./field.ts";
import { opNames, tableHash } from "./ops.ts";
import type { Plan } from "./plan.ts";

const id = "0123456789abcdef0123456789abcdef";

function plan(path: string): Plan {
  return {
    host: [{ op: "fifo", from: "start", path, out: 0 as Slot, ignore: ["EEXIST"] }],
    stage: [],
    init: [],
  };
}

test("the message holds header, record and bindings as docs/plan-wire.md says", () => {
  const { message, digest } = encodePlan(plan("/run/x"));
  const buffer = Buffer.from(message);
  assert.equal(buffer.readUInt32LE(0), buffer.length - 4);
  const section = buffer.subarray(4);
  assert.equal(section.toString("latin1", 0, 4), "tugP");
  assert.equal(section.toString("hex", 4, 12), tableHash);
  assert.equal(section.readUInt32LE(12), section.length);
  assert.deepEqual(
    [16, 18].map((at) => section.readUInt16LE(at)),
    [1, 0],
  );
  assert.deepEqual(
    [20, 24, 28].map((at) => section.readUInt32LE(at)),
    [1, 0, 0],
  );
  const record = section.subarray(32);
  assert.equal(record.readUInt32LE(0), record.length);
  assert.equal(record.readUInt16LE(4), opNames.indexOf("fifo"));
  assert.deepEqual([record[6], record[7], record.readUInt16LE(8)], [1, 0, 17]);
  assert.equal(record.readUInt32LE(10), 6);
  assert.equal(record.toString("latin1", 14, 21), "/run/x\0");
  assert.equal(record.readUInt16LE(21), 0);
  assert.equal(digest, `sha256:${createHash("sha256").update(section).digest("hex")}`);
});

test("a binding keeps the digest independent of its value", () => {
  const other = "fedcba9876543210fedcba9876543210";
  const first = encodePlan(plan(`/run/${id}/start`), [{ name: "id", value: id }]);
  const second = encodePlan(plan(`/run/${other}/start`), [{ name: "id", value: other }]);
  assert.equal(first.digest, second.digest);
  assert.ok(Buffer.from(first.message).toString("latin1").endsWith(id));
  assert.notEqual(encodePlan(plan(`/run/${id}/start`)).digest, first.digest);
});

test("a longer binding wins over a shorter one that it contains", () => {
  const short = id.slice(0, 12);
  const bindings = [
    { name: "short", value: short },
    { name: "id", value: id },
  ];
  const { message } = encodePlan(plan(`/run/${id}/${short}`), bindings);
  const pieces = Buffer.from(message).subarray(4 + 32 + 10);
  assert.equal(pieces.readUInt32LE(0) & 0x7fffffff, 1 + 4 + 5 + 3 + 1 + 4 + 1 + 3);
});

test("the places of bindings do not depend on how long their values are", () => {
  const digest = (own: string): string =>
    encodePlan(plan(`/run/${own}/0000000001/4026532000`), [
      { name: "id", value: own },
      { name: "network", value: "0000000001/4026532000" },
    ]).digest;
  assert.equal(digest("a".repeat(12)), digest("a".repeat(64)));
});

test("a plan of any size is written, and characters of any width", () => {
  const texts = [0, 1, 2].map((index) => ({ path: `/run/größe/${index}/😀`, content: "€".repeat(33_333) }));
  const host = texts.map((each) => ({ op: "writeFile", from: "state", ...each, mode: 0o600 }) as const);
  const section = Buffer.from(encodePlan({ host, stage: [], init: [] }).message).subarray(4);
  assert.equal(section.readUInt32LE(12), section.length);
  let from = 0;
  for (const text of texts.flatMap(({ path, content }) => [path, content])) {
    const at = section.indexOf(text, from);
    assert.equal(section.readUInt32LE(at - 4), Buffer.byteLength(text));
    assert.equal(section[at + Buffer.byteLength(text)], 0);
    from = at + Buffer.byteLength(text);
  }
});

test("a number that its field cannot hold is refused instead of cut off", () => {
  const withMode = (mode: number): Plan => ({
    host: [{ op: "writeFile", from: "state", path: "/run/x", content: "", mode }],
    stage: [],
    init: [],
  });
  for (const mode of [2 ** 32, -1, 0.5]) assert.throws(() => encodePlan(withMode(mode)), RangeError);
  encodePlan(withMode(2 ** 32 - 1));
});

test("a text with a NUL byte is refused with its place", () => {
  assert.throws(() => encodePlan(plan("/run/\0x")), { code: "PLAN_VALUE", message: /fifo\.path \(start\)/ });
});
