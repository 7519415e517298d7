import assert from "node:assert/strict";
import { test } from "node:test";
import { errorLines, hintOf } from "./explain-criu.ts";

test("the last errors of a log are told without times, places and control characters", () => {
  const log = [
    "(00.03) Error (criu/util.c:1533): rlimit: Can't setup RLIMIT_NOFILE for self: Operation not permitted",
    "(00.04) Warn  (criu/cr-restore.c:1043): something",
    "(00.09)      1: Error (criu/files.c:1221): Unable to open \x1b[31mfd=1",
    "(00.10) Error (criu/cr-restore.c:2320): Restoring FAILED.",
  ].join("\n");
  assert.deepEqual(errorLines(log), ["Unable to open  [31mfd=1", "Restoring FAILED."]);
});

test("of many errors the first one is told, which the last ones follow from", () => {
  const words = [
    "File counted has bad size 20 (expect 12)",
    "a",
    "Unable to open fd=7",
    "Restoring FAILED.",
    "cg: recv req error",
  ];
  const log = words.map((each) => `(00.10) Error (criu/files.c:1): ${each}`).join("\n");
  assert.deepEqual(errorLines(log), words.toSpliced(1, 1));
});

test("where the kernel refuses what criu takes for granted, a newer criu is recommended", () => {
  const words = "criu says: sockets: Can't get 1:16 opt: Operation not supported; Dumping FAILED.";
  assert.equal(hintOf(words, "/dump.log"), "the whole log is /dump.log; a new kernel may want a newer criu");
  assert.equal(hintOf("criu says: Dumping FAILED.", "/dump.log"), "the whole log is /dump.log");
});
