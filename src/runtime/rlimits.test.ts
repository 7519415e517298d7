import assert from "node:assert/strict";
import { test } from "node:test";
import { rlimitNames } from "../specs/oci-runtime/index.ts";
import { rlimitNumbers } from "./rlimits.ts";

test("every limit has the number that /proc/self/limits implies by its order", () => {
  assert.deepEqual(
    rlimitNames.map((name) => rlimitNumbers[name]),
    [...Array(16).keys()],
  );
});
