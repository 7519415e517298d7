import { createHash } from "node:crypto";
import { existsSync, readdirSync, realpathSync, rmSync } from "node:fs";
import { basename, dirname, join, resolve } from "node:path";

/** The checkout that the tests belong to. */
export const checkout = resolve(import.meta.dirname, "../..");

/**
 * What the tests make or fetch and keep; git ignores it, and it may be removed at any time between runs. Checkouts may
 * share one by a link: entries are made for the place where it really is.
 */
export const cacheDirectory = realPath(resolve(checkout, ".cache"));

/**
 * A name in the cache that changes with what the thing is made from. An entry appears under its name by a rename when
 * it is complete; so what exists is complete and current.
 */
export function cacheEntry(name: string, madeFrom: unknown): string {
  const key = createHash("sha256").update(JSON.stringify(madeFrom)).digest("hex").slice(0, 12);
  return resolve(cacheDirectory, `${name}-${key}`);
}

function realPath(path: string): string {
  return existsSync(path) ? realpathSync(path) : path;
}

/** Removes the entries of the same name that were made from something else, and what was left half-done. */
export function removeOlderEntries(entry: string): void {
  const directory = dirname(entry);
  const name = basename(entry).replace(/-[0-9a-f]{12}$/, "");
  if (!existsSync(directory)) return;
  for (const other of readdirSync(directory)) {
    const isOlder = other.startsWith(`${name}-`) && /^-[0-9a-f]{12}(\.|$)/.test(other.slice(name.length));
    if (isOlder && other !== basename(entry)) rmSync(join(directory, other), { recursive: true });
  }
}
