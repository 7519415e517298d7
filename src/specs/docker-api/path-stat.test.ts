import assert from "node:assert/strict";
import { test } from "node:test";
import { formatPathStat, goFileMode, isGoDirectory, isGoSymlink, parsePathStat } from "./path-stat.ts";

test("modes have Go's bits", () => {
  assert.equal(goFileMode(0o100644), 0o644);
  assert.equal(goFileMode(0o040755), 2147484141);
  assert.equal(goFileMode(0o120777), 134218239);
  assert.equal(goFileMode(0o041777), 2148532735);
  assert.equal(goFileMode(0o104755), 8389101);
  assert.equal(goFileMode(0o020666), 69206454);
  assert.deepEqual(
    [isGoDirectory(2147484141), isGoDirectory(134218239), isGoDirectory(0o644)],
    [true, false, false],
  );
  assert.deepEqual([isGoSymlink(134218239), isGoSymlink(2147484141)], [true, false]);
});

test("a description survives the header, and nonsense is refused", () => {
  const stat = { name: "ü", size: 5, mode: 420, mtime: "2026-01-02T03:04:05Z", linkTarget: "" };
  assert.deepEqual(parsePathStat(formatPathStat(stat)), stat);
  assert.throws(() => parsePathStat("bm9uc2Vuc2U="), { code: "DOCKER_API_BODY" });
});
