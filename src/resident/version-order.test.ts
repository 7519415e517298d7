import assert from "node:assert/strict";
import { test } from "node:test";
import { isNewer } from "./version-order.ts";

test("versions are ordered by their numbers, not by their letters", () => {
  const ordered = ["0.1.0", "0.9.0", "0.10.0-rc.1", "0.10.0", "1.0.0", "10.0.0"];
  for (const [index, version] of ordered.entries()) {
    for (const [other, than] of ordered.entries()) {
      assert.equal(isNewer(version, than), index > other, `${version} after ${than}`);
    }
  }
  assert.equal(isNewer("", "0.1.0"), false);
  assert.equal(isNewer("0.1.0", ""), true);
});
