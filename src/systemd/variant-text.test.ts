import assert from "node:assert/strict";
import { test } from "node:test";
import { parseVariant } from "./variant-text.ts";

const parse = (text: string) => {
  const { signature, value } = parseVariant(text, "it");
  return [signature, value];
};

test("values of the types that units have", () => {
  assert.deepEqual(parse("true"), ["b", true]);
  assert.deepEqual(parse(" 'it\\'s' "), ["s", "it's"]);
  assert.deepEqual(parse('"two words"'), ["s", "two words"]);
  assert.deepEqual(parse("-7"), ["i", -7]);
  assert.deepEqual(parse("uint64 10000000"), ["t", 10000000n]);
  assert.deepEqual(parse("uint32 5"), ["u", 5]);
  assert.deepEqual(parse("['a', 'b']"), ["as", ["a", "b"]]);
  assert.deepEqual(parse("[uint32 1, 2]"), ["au", [1, 2]]);
  assert.deepEqual(parse("@as []"), ["as", []]);
  assert.deepEqual(parse("@ay [1, 2]"), ["ay", [1, 2]]);
});

test("anything else is refused with what it is", () => {
  for (const text of [
    "",
    "text",
    "'open",
    "[]",
    "['a', 1]",
    "uint32 -1",
    "byte 256",
    "true false",
    "[1",
    "boolean 1",
  ]) {
    assert.throws(() => parse(text), { code: "SYSTEMD_REFUSED", message: /^cannot use it: / }, text);
  }
});
