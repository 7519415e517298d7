import { existsSync } from "node:fs";
import { lstat, mkdir, readFile, rename, rm, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { cacheDirectory, cacheEntry, removeOlderEntries } from "../cache.ts";
import { outputOf } from "../command.ts";
import { keepReason, readReason } from "../reasons.ts";
import { Unavailable } from "../unavailable.ts";
import { type Apt, openApt } from "./apt.ts";
import { type PackageSet, type ProgramName, packageSets, type SetName } from "./packages.ts";
import { relocateElf } from "./relocate-elf.ts";

/** Counts up when this file unpacks differently, so that older entries are made again. */
const recipe = 1;

const directory = join(cacheDirectory, "debian");

/** The directory that a set's packages are unpacked in, whether it is there or not. */
export function packageRoot(name: SetName): string {
  return cacheEntry(`debian/${name}`, { recipe, set: packageSets[name], cacheDirectory });
}

/** The directory of a set's packages, or why it is not there. Fetches nothing. */
export function findPackages(name: SetName): { path: string } | { missing: string } {
  const path = packageRoot(name);
  return existsSync(path) ? { path } : { missing: `Debian's packages: ${readReason(name)}` };
}

/** Where a program of the cache is, or why it is not there. Fetches nothing. */
export function findProgram(name: ProgramName): { path: string } | { missing: string } {
  const [set, { programs }] = Object.entries(packageSets as Record<string, PackageSet>).find(
    ([, { programs }]) => name in programs,
  ) as [SetName, PackageSet];
  const root = packageRoot(set);
  if (existsSync(root)) return { path: join(root, programs[name] as string) };
  return { missing: `Debian's packages: ${readReason(set)}` };
}

/**
 * Fetches and unpacks the sets that are not in the cache. What cannot be had is no error: the reason is kept, for
 * `findProgram`, and returned by set.
 *
 * @param report called with one line per set that is worked on
 */
export async function preparePackages(
  names: readonly SetName[],
  report: (line: string) => void,
): Promise<Partial<Record<SetName, string>>> {
  const unavailable: Partial<Record<SetName, string>> = {};
  const apts = new Map<string, Promise<Apt>>();
  for (const name of names.filter((name) => !existsSync(packageRoot(name)))) {
    const set: PackageSet = packageSets[name];
    report(`fetching from Debian ${set.release}: ${set.packages.join(" ")}`);
    try {
      await checkArchitecture(set);
      const apt = apts.get(set.release) ?? openApt(aptDirectory(set.release), set.release);
      apts.set(set.release, apt);
      await makePackageRoot(name, await apt);
    } catch (error) {
      if (!(error instanceof Unavailable)) throw error;
      unavailable[name] = error.message;
      await keepReason(name, error.message);
    }
  }
  for (const release of apts.keys()) await rm(aptDirectory(release), { recursive: true });
  return unavailable;
}

function aptDirectory(release: string): string {
  return join(directory, `apt-${release}`);
}

async function checkArchitecture(set: PackageSet): Promise<void> {
  if (set.architecture === undefined) return;
  const architecture = process.arch === "x64" ? "amd64" : process.arch;
  if (architecture !== set.architecture) {
    throw new Unavailable(`only for ${set.architecture}, this machine is ${architecture}`);
  }
}

async function makePackageRoot(name: SetName, apt: Apt): Promise<void> {
  const root = packageRoot(name);
  removeOlderEntries(root);
  const work = `${root}.partial`;
  const tree = join(work, "root");
  await mkdir(tree, { recursive: true });
  const packages = await apt.download(packageSets[name].packages, join(work, "archives"));
  await mergeUsr(tree);
  for (const file of packages) await outputOf("dpkg-deb", ["--extract", file, tree]);
  await relocatePrograms(tree, root, packageSets[name]);
  await rename(tree, root);
  await rm(work, { recursive: true });
}

/** Debian's packages expect /bin, /lib and so on to be links into /usr. */
async function mergeUsr(tree: string): Promise<void> {
  for (const name of ["bin", "sbin", "lib", "lib64"]) {
    await mkdir(join(tree, "usr", name), { recursive: true });
    await symlink(`usr/${name}`, join(tree, name));
  }
}

/** Makes a set's programs use the libraries of their set, at the place where the set will be. */
async function relocatePrograms(tree: string, root: string, set: PackageSet): Promise<void> {
  const triplet = process.arch === "x64" ? "x86_64-linux-gnu" : "aarch64-linux-gnu";
  const loader = process.arch === "x64" ? "ld-linux-x86-64.so.2" : "ld-linux-aarch64.so.1";
  const libraries = join(root, "usr/lib", triplet);
  for (const path of Object.values(set.programs)) {
    const file = join(tree, path);
    const { mode } = await lstat(file);
    const relocated = relocateElf(await readFile(file), {
      loader: join(libraries, loader),
      libraries: [libraries],
    });
    if (relocated === undefined) continue;
    await writeFile(file, relocated, { mode });
  }
}
