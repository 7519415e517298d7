import { createHash, randomBytes } from "node:crypto";
import { constants } from "node:fs";
import { access, mkdir, open, readdir, readFile, rename, rm } from "node:fs/promises";
import { dirname, join } from "node:path";
import { type Logger, syncDirectory } from "../base/index.ts";

/** What an engine is made of, below a package's directory: the bundles, and the programs that they start. */
const parts = [
  { directory: "dist/bin", mode: 0o644 },
  { directory: "dist/helper", mode: 0o755 },
] as const;

export type InstallOptions = {
  /** Directory of the package that this engine runs from. */
  readonly packageDirectory: string;
  /** Where versions are kept, each by its hash. Only one engine may use it. */
  readonly versions: string;
  readonly logger: Logger;
};

/**
 * Copies what this engine is made of to a place that no upgrade touches, and removes the copies of other versions.
 * Monitors hold what they run from open, so none of them needs its version's files.
 *
 * @returns a directory with the layout of a package: the copy, or the package itself where the copy cannot be executed
 */
export async function installVersion(options: InstallOptions): Promise<string> {
  const { packageDirectory, versions, logger } = options;
  await mkdir(versions, { recursive: true, mode: 0o700 });
  const files = await readParts(packageDirectory);
  const name = hashOf(files);
  const place = join(versions, name);
  for (const other of await readdir(versions)) {
    if (other !== name) await rm(join(versions, other), { recursive: true, force: true });
  }
  await access(place).catch(() => copy(files, versions, name));
  try {
    await access(join(place, "dist/helper/tug-helper"), constants.X_OK);
    return place;
  } catch {
    logger.log("warn", "version.noexec", { place });
    return packageDirectory;
  }
}

type PartFile = { readonly path: string; readonly mode: number; readonly content: Buffer };

async function readParts(packageDirectory: string): Promise<PartFile[]> {
  const files: PartFile[] = [];
  for (const { directory, mode } of parts) {
    for (const name of (await readdir(join(packageDirectory, directory))).sort()) {
      // A build that is under way has files with other endings.
      if (!/^[\w-]+(\.mjs)?$/.test(name)) continue;
      const path = join(directory, name);
      files.push({ path, mode, content: await readFile(join(packageDirectory, path)) });
    }
  }
  return files;
}

function hashOf(files: readonly PartFile[]): string {
  const hash = createHash("sha256");
  for (const { path, content } of files) hash.update(`${path}\0${content.length}\0`).update(content);
  return hash.digest("hex").slice(0, 32);
}

/** Makes the copy under another name first: what has its name is complete, also after a power loss. */
async function copy(files: readonly PartFile[], versions: string, name: string): Promise<void> {
  const temporary = join(versions, `${name}.${randomBytes(6).toString("hex")}.tmp`);
  for (const { directory } of parts) await mkdir(join(temporary, directory), { recursive: true });
  for (const { path, mode, content } of files) {
    await using file = await open(join(temporary, path), "wx", mode);
    await file.writeFile(content);
    await file.sync();
  }
  for (const { directory } of parts) await syncDirectory(join(temporary, directory));
  await syncDirectory(dirname(join(temporary, parts[0].directory)));
  await syncDirectory(temporary);
  await rename(temporary, join(versions, name));
  await syncDirectory(versions);
}
