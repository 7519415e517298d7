import assert from "node:assert/strict";
import { test } from "node:test";
import { commands } from "../commands/index.ts";
import { complete } from "./complete.ts";

const wordsOf = (line: string) => complete(commands, line.split(" ")).words.map(({ word }) => word);
const moreOf = (line: string) => complete(commands, line.split(" ")).more;

test("names of commands are completed one word at a time", () => {
  assert.deepEqual(wordsOf("ru"), ["run"]);
  assert.deepEqual(wordsOf("contai"), ["container"]);
  assert.ok(wordsOf("").includes("ps") && !wordsOf("").includes("__complete"));
  assert.deepEqual(wordsOf("container ki"), ["kill"]);
  assert.deepEqual(wordsOf("explain r"), ["run"]);
});

test("options are completed by their long names", () => {
  assert.deepEqual(wordsOf("run --memory-s"), ["--memory-swap", "--memory-swappiness"]);
  assert.deepEqual(wordsOf("ps -a --no"), ["--no-trunc"]);
});

test("values are completed where there is a choice", () => {
  assert.deepEqual(wordsOf("run --pull m"), ["missing"]);
  assert.deepEqual(wordsOf("run --pull=a"), ["--pull=always"]);
  assert.deepEqual(wordsOf("run --systemd=a"), ["--systemd=always"]);
  assert.equal(moreOf("run --systemd "), "images");
  assert.equal(moreOf("run --env-file "), "files");
  assert.equal(moreOf("run --volumes-from "), "containers");
});

test("arguments may be of several kinds, and values depend on what stands before", () => {
  assert.equal(moreOf("checkpoint rm "), "containers");
  assert.equal(moreOf("checkpoint rm web "), "checkpoints");
  assert.equal(moreOf("checkpoint rm --checkpoint-dir /c web a"), "checkpoints");
  assert.equal(moreOf("start --checkpoint "), "checkpoints");
  assert.equal(moreOf("start --checkpoint=a"), "checkpoints");
  assert.equal(moreOf("start --checkpoint a "), "containers");
  const { given } = complete(commands, "start --checkpoint-dir /c -ai web --checkpoint ".split(" "));
  assert.deepEqual([given.args, given.valueFor("checkpoint-dir")], [["web"], "/c"]);
  const { given: written } = complete(commands, "checkpoint rm --checkpoint-dir=/d web ".split(" "));
  assert.deepEqual([written.args, written.valueFor("checkpoint-dir")], [["web"], "/d"]);
});

test("arguments are completed by what they are, and nothing after an image", () => {
  assert.equal(moreOf("run -it "), "images");
  assert.equal(moreOf("run -it --name web "), "images");
  assert.equal(moreOf("run -it debian "), undefined);
  assert.deepEqual(wordsOf("run -it debian --ver"), []);
  assert.equal(moreOf("stop "), "running");
  assert.equal(moreOf("rm web "), "containers");
});
