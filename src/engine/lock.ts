import { DatabaseSync } from "node:sqlite";
import { setTimeout as sleep } from "node:timers/promises";
import { defineErrors } from "../base/index.ts";

const lockError = defineErrors("LOCK", {
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
 * @throws LOCK_HELD when another process has it
 */
export async function lockDataDirectory(path: string, options: LockOptions): Promise<EngineLock> {
  const { isServed, patience = PATIENCE } = options;
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
