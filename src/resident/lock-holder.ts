import { readFile, stat } from "node:fs/promises";

/**
 * Whether a process has locked a file, by fcntl(2) as SQLite does.
 *
 * The device is left out of the comparison: some file systems show another one to stat(2) than to the kernel's list.
 * Source: https://docs.kernel.org/filesystems/proc.html, /proc/locks
 */
export async function isHeld(path: string): Promise<boolean> {
  const file = await stat(path, { bigint: true }).catch(() => undefined);
  if (file === undefined) return false;
  const locks = await readFile("/proc/locks", "utf8").catch(() => "");
  const place = new RegExp(`^\\d+: POSIX .* WRITE \\d+ [0-9a-f]+:[0-9a-f]+:${file.ino} `, "m");
  return place.test(locks);
}
