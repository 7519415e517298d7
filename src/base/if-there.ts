import { errnoOf } from "./error.ts";

/** Says that no name leads anywhere where a directory on the way is none. */
export const noSuchPath: readonly string[] = ["ENOENT", "ENOTDIR"];

/**
 * What was looked for in the file system, or undefined where it is not there.
 *
 * @param missing errnos that mean so
 */
export async function ifThere<T>(
  found: Promise<T>,
  missing: readonly string[] = ["ENOENT"],
): Promise<T | undefined> {
  try {
    return await found;
  } catch (error) {
    if (missing.includes(errnoOf(error) ?? "")) return undefined;
    throw error;
  }
}
