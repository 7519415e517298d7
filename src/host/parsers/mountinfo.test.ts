import assert from "node:assert/strict";
import { test } from "node:test";
import { parseMountinfo } from "./mountinfo.ts";

test("a line with tags and octal escapes", () => {
  const line =
    "36 35 98:0 /mnt1 /mnt/a\\040b rw,noatime master:1 shared:2 - ext3 /dev/ro\\134ot rw,errors=continue";
  assert.deepEqual(parseMountinfo(`${line}\nnonsense\n`), [
    {
      id: 36,
      parentId: 35,
      root: "/mnt1",
      mountPoint: "/mnt/a b",
      options: ["rw", "noatime"],
      tags: ["master:1", "shared:2"],
      type: "ext3",
      source: "/dev/ro\\ot",
      superOptions: ["rw", "errors=continue"],
    },
  ]);
});
