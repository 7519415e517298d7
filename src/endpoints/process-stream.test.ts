import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { buffer, text } from "node:stream/consumers";
import { test } from "node:test";
import { type ProcessEnd, processStream } from "./process-stream.ts";

function run(
  script: string,
  failure: (end: ProcessEnd & { received: boolean }) => Error | undefined = () => undefined,
) {
  return processStream(spawn("sh", ["-c", script], { stdio: "pipe" }), failure);
}

test("what is written comes back, and the end of the one is the end of the other", async () => {
  const stream = run("cat; echo over");
  const written = Buffer.alloc(1 << 20, "x");
  stream.end(written);
  const read = await buffer(stream);
  assert.equal(read.length, written.length + "over\n".length);
  assert.ok(read.subarray(-5).equals(Buffer.from("over\n")));
});

test("the output goes on when the input has ended, and the input when nothing is read", async () => {
  const stream = run("cat > /dev/null; echo a; echo b");
  stream.end("input");
  assert.equal(await text(stream), "a\nb\n");
});

test("a failure is told with what the process said last, after what it had written", async () => {
  const seen: ProcessEnd[] = [];
  const stream = run("echo begun; echo one >&2; echo two >&2; exit 3", (end) => {
    seen.push(end);
    return new Error(`failed: ${end.stderr.trim()}`);
  });
  let read = "";
  await assert.rejects(async () => {
    for await (const chunk of stream) read += chunk;
  }, /failed: one\ntwo/);
  assert.deepEqual([read, seen], ["begun\n", [{ code: 3, stderr: "one\ntwo\n", received: true }]]);
});

test("a process that leaves another one with its standard error has ended nevertheless", async () => {
  const stream = run(
    "(exec sleep 60 > /dev/null) & echo $!; exit 7",
    ({ code }) => new Error(`ended with ${code}`),
  );
  let pid = "";
  try {
    await assert.rejects(async () => {
      for await (const chunk of stream) pid += chunk;
    }, /ended with 7/);
  } finally {
    process.kill(Number(pid));
  }
});

test("a program that is not there is a failure", async () => {
  const child = spawn("/nonesuch", [], { stdio: "pipe" });
  const stream = processStream(child, ({ stderr }) => new Error(`no program: ${stderr}`));
  await assert.rejects(text(stream), /no program: spawn \/nonesuch ENOENT/);
});

test("destroying ends the process", async () => {
  const child = spawn("cat", { stdio: "pipe" });
  const ended = once(child, "exit");
  processStream(child, () => undefined).destroy();
  assert.deepEqual(await ended, [null, "SIGTERM"]);
});
