import { lstat, realpath, stat } from "node:fs/promises";
import { dirname, join } from "node:path";
import { reasonOf } from "../../base/index.ts";

/** The program itself, or why root may not run it. */
export type TrustedProgram =
  | { readonly path: string; readonly reason?: undefined }
  | { readonly path?: undefined; readonly reason: string };

/**
 * Looks whether nobody but root decides what a program does: it and every directory on the way to it, links followed,
 * belong to root, and others may not write there. A directory like /tmp keeps others from replacing what is root's.
 */
export async function trustedProgram(asked: string): Promise<TrustedProgram> {
  try {
    const path = await realpath(asked);
    const file = await stat(path);
    if (!file.isFile()) return { reason: `${path} is no regular file` };
    if ((file.mode & 0o111) === 0) return { reason: `${path} may not be executed` };
    for (const place of [asked, path].flatMap(waysTo)) {
      const { uid, mode } = await lstat(place);
      if (uid !== 0) return { reason: `${place} does not belong to root` };
      const isSafe = (mode & 0o022) === 0 || isLink(mode) || (isDirectory(mode) && (mode & 0o1000) !== 0);
      if (!isSafe) return { reason: `others than root may write to ${place}` };
    }
    return { path };
  } catch (error) {
    return { reason: `${asked}: ${reasonOf(error)}` };
  }
}

/**
 * The first file of a name on a list of directories.
 *
 * @param directories with colons between them
 */
export async function findProgram(name: string, directories: string): Promise<string | undefined> {
  for (const directory of directories.split(":")) {
    const path = join(directory, name);
    const found = await stat(path).catch(() => undefined);
    if (found?.isFile() && (found.mode & 0o111) !== 0) return path;
  }
  return undefined;
}

/** A path and all directories above it. */
function waysTo(path: string): string[] {
  const above = dirname(path);
  return above === path ? [path] : [...waysTo(above), path];
}

const FORMAT = 0o170000;

function isLink(mode: number): boolean {
  return (mode & FORMAT) === 0o120000;
}

function isDirectory(mode: number): boolean {
  return (mode & FORMAT) === 0o040000;
}
