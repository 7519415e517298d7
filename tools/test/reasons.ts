import { existsSync, readFileSync } from "node:fs";
import { mkdir, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { cacheDirectory } from "./cache.ts";

const file = join(cacheDirectory, "unavailable.json");

/** Why a part of the cache could not be had when it was last tried. */
export function readReason(part: string): string {
  return readReasons()[part] ?? "not fetched yet, npm test does that";
}

/** Keeps the reason for the tests, which look it up and fetch nothing themselves. */
export async function keepReason(part: string, reason: string): Promise<void> {
  await mkdir(dirname(file), { recursive: true });
  await writeFile(file, `${JSON.stringify({ ...readReasons(), [part]: reason }, null, 2)}\n`);
}

function readReasons(): Record<string, string> {
  return existsSync(file) ? JSON.parse(readFileSync(file, "utf8")) : {};
}
