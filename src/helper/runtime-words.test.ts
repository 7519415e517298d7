import assert from "node:assert/strict";
import { test } from "node:test";
import { codeOfWords, runtimeWords } from "./runtime-words.ts";

const line = (level: string, msg: string) => `${JSON.stringify({ level, msg, time: "now" })}\n`;

test("the last error of a log counts, whatever warnings surround it", () => {
  const log = line("error", "first") + line("error", "second") + line("warning", "third");
  assert.equal(runtimeWords(log), "second");
  assert.equal(runtimeWords(line("info", "only") + line("warning", "this")), "this");
  assert.equal(runtimeWords(""), "");
});

test("a log that is no JSON, or whose begin was cut off, is taken as it is", () => {
  assert.equal(runtimeWords("plain words\n"), "plain words");
  assert.equal(runtimeWords(`ut off","level":"error"}\n${line("error", "whole")}`), "whole");
  assert.equal(runtimeWords('{"level":"error"}\n'), '{"level":"error"}');
});

test("what a container put into the text acts on no terminal and has an end", () => {
  assert.equal(runtimeWords(line("error", "a\u001b[31mred\u0007\nline\u009b2J")), "a red line 2J");
  assert.equal(runtimeWords(line("error", "x".repeat(5000))).length, 603);
});

test("words tell a missing program from one that may not be executed, and both from the rest", () => {
  assert.equal(codeOfWords('exec: "x": executable file not found in $PATH'), "PROGRAM_NOT_FOUND");
  assert.equal(
    codeOfWords("executable file `x` not found in $PATH: No such file or directory"),
    "PROGRAM_NOT_FOUND",
  );
  assert.equal(codeOfWords('exec: "/x": permission denied'), "PROGRAM_NOT_EXECUTABLE");
  assert.equal(
    codeOfWords("the path `/x` exists but it is not executable: Operation not permitted"),
    "PROGRAM_NOT_EXECUTABLE",
  );
  assert.equal(codeOfWords("mount /x: no such file or directory"), undefined);
  assert.equal(codeOfWords('exec: "x": too many levels'), undefined);
});
