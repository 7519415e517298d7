import assert from "node:assert/strict";
import { test } from "node:test";
import { subordinateIds } from "./explain-failure.ts";

test("lines of /etc/subuid count for a user by name or number; what is no line is passed over", () => {
  const text = "root:1:2\nme:100000:65536\n1000:5:7\nme:x:1\n# me:1:1\n\nmeme:1:1\n";
  assert.deepEqual(subordinateIds(text, ["me", "1000"]), [
    { first: 100_000, count: 65_536 },
    { first: 5, count: 7 },
  ]);
});
