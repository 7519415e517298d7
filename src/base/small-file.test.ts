import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { readSmallFile } from "./small-file.ts";

test("a small file is read as a whole, and nothing that is none", async (t) => {
  const directory = await mkdtemp(join(tmpdir(), "tug-small-"));
  t.after(() => rm(directory, { recursive: true }));
  const path = join(directory, "file");
  for (const text of ["", "ä", "x".repeat(100)]) {
    await writeFile(path, text);
    assert.equal(await readSmallFile(path, 100), text);
  }
  await writeFile(path, "x".repeat(101));
  await assert.rejects(readSmallFile(path, 100), { message: "it is larger than 100 bytes" });
  await assert.rejects(readSmallFile(join(directory, "none"), 100), { code: "ENOENT" });
  for (const special of [directory, "/dev/zero"]) {
    await assert.rejects(readSmallFile(special, 100), { message: "it is no regular file" });
  }
});
