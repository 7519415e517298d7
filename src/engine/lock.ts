import { DatabaseSync } from "node:sqlite";
import { defineErrors } from "../base/index.ts";

const lockError = defineErrors("LOCK", {
  HELD: { kind: "conflict", when: "another engine uses the data directory" },
});

/** A lock that is held until it is released or the process dies. */
export type EngineLock = { release(): void };

/**
 * Makes this process the only engine of a data directory. SQLite's file lock does it: the kernel gives it up when the
 * process ends, however it ends, so nothing stale is ever left.
 *
 * @throws LOCK_HELD when another process has it
 */
export function lockDataDirectory(path: string): EngineLock {
  const database = new DatabaseSync(path, { timeout: 0 });
  try {
    database.exec("BEGIN EXCLUSIVE");
  } catch (cause) {
    database.close();
    throw lockError("HELD", `cannot use ${path}: another engine holds it`, { cause });
  }
  return { release: () => database.close() };
}
