import { existsSync, readFileSync } from "node:fs";
import { copyFile, mkdir, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { cacheEntry, removeOlderEntries } from "../cache.ts";
import { commandNotFound, runCommand } from "../command.ts";
import { keepReason, readReason } from "../reasons.ts";
import { Unavailable } from "../unavailable.ts";

const part = "npm packages";
const files = ["package.json", "package-lock.json"].map((name) => ({
  name,
  path: join(import.meta.dirname, "clients", name),
}));
const entry = cacheEntry("npm/clients", {
  recipe: 1,
  files: files.map(({ path }) => readFileSync(path, "utf8")),
});

/** The directory from which the packages of ./clients can be imported, or why they are not in the cache. */
export function findNpmPackages(): { path: string } | { missing: string } {
  return existsSync(entry) ? { path: entry } : { missing: readReason(part) };
}

/** Fetches those packages where they are not in the cache. Returns the reason where it cannot. */
export async function prepareNpmPackages(report: (line: string) => void): Promise<string | undefined> {
  if (existsSync(entry)) return undefined;
  try {
    report("fetching clients of Docker's API from the npm registry");
    await fetchPackages();
    return undefined;
  } catch (error) {
    if (!(error instanceof Unavailable)) throw error;
    await keepReason(part, error.message);
    return error.message;
  }
}

/** As the lock file says, without running anything of theirs. */
async function fetchPackages(): Promise<void> {
  const work = `${entry}.partial`;
  removeOlderEntries(entry);
  await rm(work, { recursive: true, force: true });
  await mkdir(work, { recursive: true });
  for (const { name, path } of files) await copyFile(path, join(work, name));
  const options = ["--ignore-scripts", "--omit=optional", "--no-audit", "--no-fund", "--loglevel=error"];
  const result = await runCommand("npm", ["ci", ...options], {
    cwd: work,
    env: { npm_config_cache: join(work, "archives") },
  });
  if (result.code === commandNotFound) throw new Unavailable("npm is not installed");
  if (result.code !== 0) {
    const reason = /^npm (?:error|ERR!) (?!code)(.+)$/m.exec(result.stderr)?.[1];
    throw new Unavailable(`npm ci failed: ${reason ?? `exit code ${result.code}`}`);
  }
  await rm(join(work, "archives"), { recursive: true, force: true });
  await rename(work, entry);
}
