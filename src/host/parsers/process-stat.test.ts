import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { parseProcessStat } from "./process-stat.ts";

test("a command with spaces and parentheses does not shift the fields", () => {
  const text = `7 (a) b (c) S 3 ${Array.from({ length: 17 }, (_, index) => index).join(" ")} 4711 0`;
  const stat = parseProcessStat(text);
  assert.deepEqual(stat, { pid: 7, command: "a) b (c", state: "S", parentPid: 3, startTime: 4711n });
});

test("this very process", () => {
  const stat = parseProcessStat(readFileSync("/proc/self/stat", "utf8"));
  assert.equal(stat.pid, process.pid);
  assert.equal(stat.parentPid, process.ppid);
  assert.ok(stat.startTime > 0n);
});

test("what is no stat line has no state", () => {
  for (const text of ["", "7", "7 (a", "nonsense)", "7 (a) S x y"]) {
    const stat = parseProcessStat(text);
    assert.equal(stat.startTime, 0n, text);
    assert.equal(stat.parentPid, 0, text);
  }
  assert.equal(parseProcessStat("").state, "");
});

test("a command with a line break", () => {
  const text = `7 (a\nb) Z 3 ${"0 ".repeat(17)}18446744073709551615 0`;
  assert.deepEqual(parseProcessStat(text).command, "a\nb");
  assert.equal(parseProcessStat(text).startTime, 18446744073709551615n);
});
