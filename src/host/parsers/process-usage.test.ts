import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { parseProcessUsage } from "./process-usage.ts";

test("fields are found behind a command that looks like fields", () => {
  const fields = Array.from({ length: 50 }, (_, index) => index + 3);
  const text = `7 (a) R 9 (b) ${["R", ...fields.slice(1)].join(" ")}`;
  assert.deepEqual(parseProcessUsage(text), {
    processGroup: 5,
    session: 6,
    terminal: 7,
    foregroundGroup: 8,
    cpuTicks: 14 + 15,
    nice: 19,
    threads: 20,
    virtualBytes: 23,
    residentPages: 24,
    processor: 39,
  });
});

test("what is no stat line is zeros", () => {
  assert.ok(Object.values(parseProcessUsage("nonsense")).every((value) => value === 0));
});

test("the kernel's own line can be read", () => {
  const usage = parseProcessUsage(readFileSync("/proc/self/stat", "utf8"));
  assert.ok(usage.threads > 1 && usage.virtualBytes > usage.residentPages && usage.residentPages > 100);
});
