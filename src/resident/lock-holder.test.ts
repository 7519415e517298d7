import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { test } from "node:test";
import { isHeld } from "./lock-holder.ts";

test("a lock is seen as long as it is held", async () => {
  const directory = await mkdtemp(join(tmpdir(), "tug-"));
  const path = join(directory, "lock");
  try {
    assert.equal(await isHeld(path), false);
    const database = new DatabaseSync(path);
    assert.equal(await isHeld(path), false);
    database.exec("BEGIN EXCLUSIVE");
    assert.equal(await isHeld(path), true);
    database.close();
    assert.equal(await isHeld(path), false);
  } finally {
    await rm(directory, { recursive: true });
  }
});
