import assert from "node:assert/strict";
import { test } from "node:test";
import { isVisible } from "./mount-tree.ts";
import { parseMountinfo } from "./mountinfo.ts";

/** Mounts as `id parent point` lines, and the ids of those that can be seen. */
function visible(...lines: string[]): number[] {
  const mounts = parseMountinfo(
    lines
      .map((line) => line.split(" "))
      .map(([id, parent, point]) => `${id} ${parent} 0:1 / ${point} rw - tmpfs none rw`)
      .join("\n"),
  );
  return mounts.filter((mount) => isVisible(mount, mounts)).map(({ id }) => id);
}

test("mounts side by side and inside each other are visible", () => {
  assert.deepEqual(
    visible("1 0 /", "2 1 /sys", "3 2 /sys/fs/cgroup", "4 3 /sys/fs/cgroup/cpu", "5 1 /sysfs"),
    [1, 2, 3, 4, 5],
  );
});

test("a mount on the same point hides the one below it and what is in that", () => {
  assert.deepEqual(visible("1 0 /", "2 1 /a", "3 2 /a/b", "4 2 /a"), [1, 4]);
  assert.deepEqual(visible("1 0 /", "2 1 /a", "4 2 /a", "3 4 /a/b"), [1, 4, 3]);
});

test("a mount on a directory above hides a mount", () => {
  assert.deepEqual(visible("1 0 /", "2 1 /a/b/c", "3 1 /a"), [1, 3]);
  assert.deepEqual(visible("1 0 /", "2 1 /a/b/c", "3 1 /a/bb"), [1, 2, 3]);
});

test("a second root hides everything mounted on the first", () => {
  assert.deepEqual(visible("1 0 /", "2 1 /proc", "3 1 /"), [3]);
});

test("a circle of parents ends", () => {
  assert.deepEqual(visible("1 2 /a", "2 1 /b"), [1, 2]);
});
