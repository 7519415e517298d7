import { type FileHandle, open } from "node:fs/promises";

/**
 * Makes a file that is not there yet and opens it for writing.
 *
 * @param umask of the process that the file is made for, where that is not this one
 * @throws what open(2) says; EEXIST when it is there
 */
export async function openNewFile(path: string, umask?: number): Promise<FileHandle> {
  const file = await open(path, "wx", 0o666);
  if (umask === undefined) return file;
  try {
    // This process's own umask may have taken away what the other's leaves.
    await file.chmod(0o666 & ~umask);
    return file;
  } catch (error) {
    await file.close();
    throw error;
  }
}
