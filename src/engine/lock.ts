import { chmodSync, closeSync, lstatSync, openSync } from "node:fs";
import { DatabaseSync } from "node:sqlite";
import { setTimeout as sleep } from "node:timers/promises";
import { defineErrors, errnoOf } from "../base/index.ts";

const lockError = defineErrors("LOCK", {
  FILE: { kind: "conflict", when: "somebody else could hold the lock of the data directory" },
  HELD: { kind: "conflict", when: "another engine uses the data directory" },
});

/** A lock that is held until it is released or the process dies. */
export type EngineLock = { release(): void };

export type LockOptions = {
  /** Whether an engine answers: then there is nothing to wait for. */
  readonly isServed: () => Promise<boolean>;
  /** How long an engine that does not answer is waited for, in milliseconds. */
  readonly patience?: number;
};

/** An engine that holds the lock and does not answer is starting or ending. */
const PATIENCE = 10_000;
const PAUSE = 10;

/**
 * Makes this process the only engine of a data directory. SQLite's file lock does it: the kernel gives it up when the
 * process ends, however it ends, so nothing stale is ever left.
 *
 * @throws LOCK_HELD when another process has it; LOCK_FILE when the file is a link or another user's
 */
export async function lockDataDirectory(path: string, options: LockOptions): Promise<EngineLock> {
  const { isServed, patience = PATIENCE } = options;
  makeLockFile(path);
  const database = new DatabaseSync(path, { timeout: 0 });
  for (const end = Date.now() + patience; ; await sleep(PAUSE)) {
    try {
      database.exec("BEGIN EXCLUSIVE");
      return { release: () => database.close() };
    } catch (cause) {
      if (Date.now() < end && !(await isServed())) continue;
      database.close();
      throw lockError("HELD", `cannot use ${path}: another engine holds it`, { cause });
    }
  }
}

/**
 * Whoever may open the file may lock it, and keep engines from starting. A file that is there is not opened here: to close
 * it would give up the locks that this process has on it.
 */
function makeLockFile(path: string): void {
  try {
    closeSync(openSync(path, "ax", 0o600));
    return;
  } catch (error) {
    if (errnoOf(error) !== "EEXIST") throw error;
  }
  const found = lstatSync(path);
  const fail = (reason: string): Error =>
    lockError("FILE", `cannot use ${path}: ${reason}`, { hint: "remove it" });
  if (!found.isFile()) throw fail("it is no file of its own");
  if (found.uid !== process.geteuid?.()) throw fail(`it belongs to user ${found.uid}`);
  if ((found.mode & 0o77) !== 0) chmodSync(path, 0o600);
}
