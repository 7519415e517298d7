import { randomBytes } from "node:crypto";
import { rm, stat, statfs, writeFile } from "node:fs/promises";
import { dirname } from "node:path";

/** Bytes: what an engine writes to start, and then to record that images were removed. */
const SIZE = 1024 * 1024;

/** The reserve is taken only where that much more is left. */
const PLENTY = 4;

/** Removes the reserve where the disk is full: an engine that could not start could not make room either. */
export async function giveReserve(path: string): Promise<void> {
  if ((await freeBytes(path)) < SIZE) await rm(path, { force: true });
}

/** Takes the reserve, a file of no use but its size, if there is plenty of room and it is not there. */
export async function takeReserve(path: string): Promise<void> {
  const isThere = await stat(path).then(
    ({ size }) => size === SIZE,
    () => false,
  );
  if (isThere || (await freeBytes(path)) < PLENTY * SIZE) return;
  // Zeros may take no room at all.
  await writeFile(path, randomBytes(SIZE), { mode: 0o600 });
}

async function freeBytes(path: string): Promise<number> {
  const { bavail, bsize } = await statfs(dirname(path));
  return bavail * bsize;
}
