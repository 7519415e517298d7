import type { BigIntStats } from "node:fs";
import { lstat, readdir } from "node:fs/promises";
import { join } from "node:path";
import { ifThere, noSuchPath } from "../../base/index.ts";

/**
 * What a directory takes on disk, in bytes, with all that is in it. Links are not followed, a file with several names
 * counts once, and what goes away meanwhile does not count.
 */
export async function measureDirectory(directory: string, signal: AbortSignal): Promise<number> {
  const counted = new Set<string>();
  const waiting = [directory];
  let bytes = 0;
  for (let path = waiting.pop(); path !== undefined; path = waiting.pop()) {
    signal.throwIfAborted();
    const found = await ifThere(lstat(path, { bigint: true }), noSuchPath);
    if (found === undefined || isCounted(found, counted)) continue;
    bytes += Number(found.blocks) * 512;
    if (!found.isDirectory()) continue;
    for (const name of (await ifThere(readdir(path), noSuchPath)) ?? []) waiting.push(join(path, name));
  }
  return bytes;
}

function isCounted({ dev, ino, nlink }: BigIntStats, counted: Set<string>): boolean {
  if (nlink < 2n) return false;
  const key = `${dev} ${ino}`;
  if (counted.has(key)) return true;
  counted.add(key);
  return false;
}
