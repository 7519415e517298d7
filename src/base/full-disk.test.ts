import assert from "node:assert/strict";
import { test } from "node:test";
import { TugError } from "./error.ts";
import { isFullDisk, plainError } from "./full-disk.ts";

const system = (code: string): Error => Object.assign(new Error(`${code}: no`), { code });

test("a full disk is known by the system's, SQLite's and the helper's errors", () => {
  const sqlite = Object.assign(new Error("database or disk is full"), {
    code: "ERR_SQLITE_ERROR",
    errcode: 13,
  });
  const helper = new TugError("internal", "X", "x", { details: { errno: "ENOSPC" } });
  const around = new TugError("internal", "X", "x", { cause: system("EDQUOT") });
  for (const error of [system("ENOSPC"), system("EDQUOT"), sqlite, helper, around])
    assert.ok(isFullDisk(error));
  for (const error of [system("EIO"), new Error("no"), undefined, "ENOSPC"]) assert.ok(!isFullDisk(error));
});

test("people see what failed first, and what they can do about a full disk", () => {
  const first = new TugError("invalid", "X", "cannot do it");
  assert.equal(plainError(new SuppressedError(system("ENOSPC"), first)), first);
  assert.equal(plainError(first), first);
  const plain = plainError(new SuppressedError(new Error("later"), system("ENOSPC"))) as TugError;
  assert.deepEqual([plain.code, plain.kind], ["STORAGE_FULL", "exhausted"]);
  assert.match(plain.message, /no space left on the disk$/);
  assert.match(plain.hint ?? "", /^free space/);
  const other = system("EIO");
  assert.equal(plainError(other), other);
});
