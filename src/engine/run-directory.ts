import { lstat, mkdir } from "node:fs/promises";
import { engineError } from "./errors.ts";

/**
 * Makes the directory of the engine's sockets, or makes sure that nobody else can have put anything there.
 *
 * @throws ENGINE_RUN_DIRECTORY when it is another user's, or others may look into it
 */
export async function makeRunDirectory(path: string): Promise<void> {
  await mkdir(path, { recursive: true, mode: 0o700 });
  const found = await lstat(path);
  const fail = (reason: string, hint: string) =>
    engineError("RUN_DIRECTORY", `cannot use the run directory ${path}: ${reason}`, { hint });
  if (!found.isDirectory()) throw fail("it is a link", "remove it");
  if (found.uid !== process.geteuid?.()) throw fail(`it belongs to user ${found.uid}`, "remove it");
  if ((found.mode & 0o7777) !== 0o700)
    throw fail("others may enter it", `make it private: chmod 700 ${path}`);
}
