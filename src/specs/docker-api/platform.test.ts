import assert from "node:assert/strict";
import { test } from "node:test";
import { formatPlatform, parsePlatform } from "./platform.ts";

const accepted: [text: string, same: string][] = [
  ["linux/amd64", "linux/amd64"],
  ["arm64", "linux/arm64"],
  ["arm/v7", "linux/arm/v7"],
  ["linux/x86_64", "linux/amd64"],
  ["Linux/ARM64/v8", "linux/arm64/v8"],
  ['{"os":"linux","architecture":"arm64","variant":""}', "linux/arm64"],
];

for (const [text, same] of accepted) {
  test(`the platform ${text} is ${same}`, () => assert.equal(formatPlatform(parsePlatform(text)), same));
}

test("what is no platform is refused", () => {
  for (const text of ["", "linux", "a/b/c/d", "linux/a b", "{", "linux/"]) {
    assert.throws(() => parsePlatform(text), /invalid platform ".*": it must look like linux\/arm64\/v8/);
  }
});
