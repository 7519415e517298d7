import { existsSync } from "node:fs";
import { open, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** What containers print into their logs. Sizes in bytes. */
export const logFile = {
  path: join(tmpdir(), `tug-bench-lines-${process.pid}`),
  size: 256 * 1024 * 1024,
  line: 80,
} as const;

/** Writes the file, unless it is there. */
export async function makeLogFile(): Promise<void> {
  if (existsSync(logFile.path)) return;
  const line = Buffer.alloc(logFile.line, "abcdefghijklmnopqrstuvwxyz ");
  line.write("\n", logFile.line - 1);
  const block = Buffer.alloc(logFile.line * 64 * 1024, line);
  await using file = await open(logFile.path, "w");
  for (let left = logFile.size; left > 0; left -= block.length) {
    const whole = Math.min(left, block.length);
    await file.write(block, 0, whole - (whole % logFile.line));
  }
}

export async function removeLogFile(): Promise<void> {
  await rm(logFile.path, { force: true });
}
