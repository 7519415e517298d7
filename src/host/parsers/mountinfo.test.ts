import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { parseMountinfo } from "./mountinfo.ts";

test("a line with tags and octal escapes", () => {
  const line =
    "36 35 98:0 /mnt1 /mnt/a\\040b\\011\\012\\134040 rw,noatime master:1 shared:2 - ext3 /dev/ro\\134ot rw,lowerdir=/a\\054b";
  assert.deepEqual(parseMountinfo(`${line}\n`), [
    {
      id: 36,
      parentId: 35,
      root: "/mnt1",
      mountPoint: "/mnt/a b\t\n\\040",
      options: ["rw", "noatime"],
      tags: ["master:1", "shared:2"],
      type: "ext3",
      source: "/dev/ro\\ot",
      superOptions: ["rw", "lowerdir=/a,b"],
    },
  ]);
});

test("tags, options of the file system and even the source may be missing", () => {
  const [bare, empty] = parseMountinfo("1 0 0:1 / / rw - proc proc\n2 1 0:2 / /x rw - tmpfs  rw,size=1k");
  assert.deepEqual([bare?.tags, bare?.superOptions], [[], []]);
  assert.deepEqual([empty?.source, empty?.superOptions], ["", ["rw", "size=1k"]]);
});

test("a dash as mount point is not the separator", () => {
  const [mount] = parseMountinfo("9 1 0:1 /- /- rw shared:1 - tmpfs - rw");
  assert.deepEqual([mount?.root, mount?.mountPoint, mount?.type, mount?.source], ["/-", "/-", "tmpfs", "-"]);
});

test("lines that are not of the form are left out", () => {
  const bad = [
    "",
    "nonsense",
    "x 1 0:1 / / rw - a b c",
    "1 1 0:1 / / rw",
    "1 1 0:1 / / rw shared:1",
    "1 1 0:1 / / rw - ext4",
  ];
  assert.deepEqual(parseMountinfo(bad.join("\n")), []);
});

test("a hundred thousand mounts", () => {
  const text = Array.from({ length: 100_000 }, (_, id) => `${id} 0 0:1 / /m${id} rw - tmpfs none rw`).join(
    "\n",
  );
  const mounts = parseMountinfo(text);
  assert.equal(mounts.length, 100_000);
  assert.equal(mounts.at(-1)?.mountPoint, "/m99999");
});

test("this very process", () => {
  const text = readFileSync("/proc/self/mountinfo", "utf8");
  assert.equal(parseMountinfo(text).length, text.trimEnd().split("\n").length);
});
