import { randomBytes } from "node:crypto";
import { open, rename, rm } from "node:fs/promises";
import { dirname } from "node:path";
import { syncDirectory } from "./sync.ts";

/**
 * Replaces a file so that a reader, or the machine after a power loss, sees the old or the new content and
 * nothing else: write to a temporary file in the same directory, fsync, rename, fsync the directory.
 *
 * @param mode permission bits of the new file, umask not applied
 * @param options.durable false: the disk is not waited for, and after a power loss the file may be anything
 */
export async function writeFileAtomic(
  path: string,
  data: Uint8Array | string,
  mode = 0o600,
  { durable = true }: { durable?: boolean } = {},
): Promise<void> {
  const temporary = `${path}.${randomBytes(6).toString("hex")}.tmp`;
  try {
    const file = await open(temporary, "wx", mode);
    try {
      await file.chmod(mode);
      await file.writeFile(data);
      if (durable) await file.sync();
    } finally {
      await file.close();
    }
    await rename(temporary, path);
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
  if (durable) await syncDirectory(dirname(path));
}
