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
