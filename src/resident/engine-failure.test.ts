import assert from "node:assert/strict";
import { appendFile, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { findFailure, logLength } from "./engine-failure.ts";

test("only what was written since counts, and an engine that met another one has not failed", async () => {
  const directory = await mkdtemp(join(tmpdir(), "tug-"));
  const log = join(directory, "engine.log");
  const fail = (fields: object) =>
    appendFile(log, `${JSON.stringify({ event: "engine.failed", ...fields })}\n`);
  try {
    assert.equal(await logLength(log), 0);
    assert.equal(await findFailure(log, 0), undefined);
    await fail({ reason: "long ago" });
    const offset = await logLength(log);
    await fail({ reason: "another engine holds it", code: "LOCK_HELD" });
    await appendFile(log, 'what a crash prints: "engine.failed"\n');
    assert.equal(await findFailure(log, offset), undefined);
    await fail({ reason: "the disk is full", hint: "make room" });
    assert.deepEqual(await findFailure(log, offset), { reason: "the disk is full", hint: "make room" });
  } finally {
    await rm(directory, { recursive: true });
  }
});
