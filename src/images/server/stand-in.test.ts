import assert from "node:assert/strict";
import { test } from "node:test";
import { standIn } from "./stand-in.ts";

test("a name has one stand-in, and all of them stand in for somebody", () => {
  const all = ["a", "b", "c"];
  const names = Array.from({ length: 200 }, (_, index) => `name${index}`);
  const choose = (secret: string) => names.map((name) => standIn(all, name, Buffer.from(secret)));
  assert.deepEqual(choose("one"), choose("one"));
  assert.notDeepEqual(choose("one"), choose("other"));
  assert.deepEqual(new Set(choose("one")), new Set(all));
  assert.equal(standIn([], "x", Buffer.from("")), undefined);
});
