import assert from "node:assert/strict";
import { test } from "node:test";
import { unraisedCodes } from "./check-errors.ts";

test("a code that no source names is reported with its table", () => {
  const rows = ["A_LOST", "A_FOUND"].map((code) => ({ code, kind: "internal", when: "now" }));
  const tables = [{ file: "src/a/errors.ts", prefix: "A", rows }];
  assert.deepEqual(unraisedCodes(tables, ['throw aError("FOUND", "...")', 'fail("A_LOST")']), [
    "src/a/errors.ts: A_LOST is declared and never raised",
  ]);
});
