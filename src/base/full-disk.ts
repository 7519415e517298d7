import { defineErrors, errnoOf, TugError } from "./error.ts";

const fail = defineErrors("STORAGE", {
  FULL: { kind: "exhausted", when: "the disk that the engine keeps its data on is full" },
});

/** SQLite's result code for a write that had no room. Source: https://www.sqlite.org/rescode.html#full */
const SQLITE_FULL = 13;

/** Whether a write failed for want of room: a system error, one of SQLite, or one of the helper with `details.errno`. */
export function isFullDisk(error: unknown): boolean {
  if (error instanceof TugError) return isNoRoom(error.details.errno) || isFullDisk(error.cause);
  const { errcode } = (error ?? {}) as { errcode?: unknown };
  return errcode === SQLITE_FULL || isNoRoom(errnoOf(error));
}

/**
 * An error as people should see it: where leaving a scope failed after something else had, what failed first; for a full
 * disk a sentence with what to do. Any other is given back as it is.
 */
export function plainError(error: unknown): unknown {
  if (error instanceof SuppressedError) return plainError(error.suppressed);
  if (error instanceof TugError || !isFullDisk(error)) return error;
  return fullDisk("cannot write the engine's data", error);
}

/** The error of a write that had no room. */
export function fullDisk(what: string, cause: unknown): TugError {
  return fail("FULL", `${what}: no space left on the disk`, {
    hint: "free space there, for example by removing images that are not needed",
    cause,
  });
}

function isNoRoom(errno: unknown): boolean {
  return errno === "ENOSPC" || errno === "EDQUOT";
}
