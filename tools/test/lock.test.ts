import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { withLock } from "./lock.ts";

const directory = mkdtempSync(join(tmpdir(), "tug-lock-"));
after(() => rmSync(directory, { recursive: true }));
const counter = join(directory, "counter");
const lock = join(directory, "lock");

/** A process that adds one to the counter under the lock, with a pause between reading and writing. */
function addOne() {
  const work = `
    const { withLock } = await import(${JSON.stringify(join(import.meta.dirname, "lock.ts"))});
    const { readFileSync, writeFileSync } = await import("node:fs");
    const counter = ${JSON.stringify(counter)};
    await withLock(${JSON.stringify(lock)}, async () => {
      const value = Number(readFileSync(counter, "utf8"));
      await new Promise((resolve) => setTimeout(resolve, 100));
      writeFileSync(counter, String(value + 1));
    });`;
  return spawn(process.execPath, ["--input-type=module", "-e", work], { stdio: "inherit" });
}

test("one process at a time does its work", async () => {
  writeFileSync(counter, "0");
  await Promise.all([1, 2, 3, 4].map(() => once(addOne(), "exit")));
  assert.equal(readFileSync(counter, "utf8"), "4");
});

test("the lock of a process that is killed is free", async () => {
  const holder = spawn(
    process.execPath,
    [
      "--input-type=module",
      "-e",
      `const { withLock } = await import(${JSON.stringify(join(import.meta.dirname, "lock.ts"))});
       await withLock(${JSON.stringify(lock)}, () => { console.log("held"); return new Promise((r) => setTimeout(r, 600_000)); });`,
    ],
    { stdio: ["ignore", "pipe", "inherit"] },
  );
  await once(holder.stdout, "data");
  holder.kill("SIGKILL");
  await once(holder, "exit");
  assert.equal(await withLock(lock, async () => "mine"), "mine");
});
