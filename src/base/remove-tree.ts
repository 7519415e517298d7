import { type Dirent, lstatSync, readdirSync, rmdirSync, unlinkSync } from "node:fs";
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { errnoOf } from "./error.ts";

/** So many files are gone sooner than another thread has begun. */
const FEW = 64;

/** How often the removal is tried again, the n-th time after n times the delay in milliseconds. */
const RETRIES = 20;
const DELAY = 10;

/**
 * Removes a directory with all that is in it, without following links; what is not there is no error. Somebody may
 * still be writing there: what is not empty in the end is tried again.
 *
 * @param options.large removes a directory with many files sooner than this process; where it cannot, this one does
 */
export async function removeTree(
  path: string,
  { large }: { large?: (path: string) => Promise<unknown> } = {},
): Promise<void> {
  if (removeFew(path)) return;
  await large?.(path).catch(() => undefined);
  await rm(path, { recursive: true, force: true, maxRetries: RETRIES, retryDelay: DELAY });
}

/** Whether the tree was so small that it could be removed at once, and nothing stood in the way. */
function removeFew(path: string): boolean {
  const found: { path: string; directory: boolean }[] = [];
  try {
    if (!lstatSync(path).isDirectory() || !collect(path, found)) return false;
    for (const each of found.reverse()) {
      if (each.directory) rmdirSync(each.path);
      else unlinkSync(each.path);
    }
    return true;
  } catch (error) {
    return errnoOf(error) === "ENOENT" && found.length === 0;
  }
}

/** Adds a directory and all below it, parents first; false when they are many. */
function collect(directory: string, found: { path: string; directory: boolean }[]): boolean {
  const entries: Dirent[] = readdirSync(directory, { withFileTypes: true });
  found.push({ path: directory, directory: true });
  if (found.length + entries.length > FEW) return false;
  for (const entry of entries) {
    const path = join(directory, entry.name);
    if (!entry.isDirectory()) found.push({ path, directory: false });
    else if (!collect(path, found)) return false;
  }
  return true;
}
