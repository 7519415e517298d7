import { existsSync } from "node:fs";
import { mkdir, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { cacheEntry, removeOlderEntries } from "../cache.ts";
import { outputOf } from "../command.ts";
import { keepReason, readReason } from "../reasons.ts";
import { Unavailable } from "../unavailable.ts";
import { debianKeyring, debianMirror } from "./apt.ts";
import { findProgram, packageRoot } from "./package-cache.ts";

const release = "bookworm";
const part = "root filesystem";
const archive = cacheEntry("debian/root-filesystem", { recipe: 1, release });

/** A tar archive of Debian's smallest root filesystem (dash, coreutils, perl, apt), or why it is not in the cache. */
export function findRootFilesystem(): { path: string } | { missing: string } {
  return existsSync(archive) ? { path: archive } : { missing: readReason(part) };
}

/** Makes that archive with debootstrap, where it is not in the cache. Returns the reason where it cannot. */
export async function prepareRootFilesystem(report: (line: string) => void): Promise<string | undefined> {
  if (existsSync(archive)) return undefined;
  try {
    if (process.getuid?.() !== 0) throw new Unavailable("debootstrap needs root");
    const debootstrap = findProgram("debootstrap");
    if ("missing" in debootstrap) throw new Unavailable(debootstrap.missing);
    report(`making a root filesystem of Debian ${release} with debootstrap`);
    await makeArchive(debootstrap.path);
    return undefined;
  } catch (error) {
    if (!(error instanceof Unavailable)) throw error;
    await keepReason(part, error.message);
    return error.message;
  }
}

async function makeArchive(debootstrap: string): Promise<void> {
  const work = `${archive}.partial`;
  const root = join(work, "root");
  const packages = packageRoot("bootstrap");
  removeOlderEntries(archive);
  await mkdir(work, { recursive: true });
  const namespaces = ["--mount", "--pid", "--fork", "--kill-child"];
  const options = ["--variant=minbase", `--keyring=${debianKeyring()}`];
  // What the machine has goes first: of the unpacked programs only wget is made to run outside its own root.
  const path = `${process.env.PATH}:/usr/sbin:/sbin:${packages}/usr/bin`;
  await outputOf("unshare", [...namespaces, debootstrap, ...options, release, root, await debianMirror()], {
    env: { DEBOOTSTRAP_DIR: join(packages, "usr/share/debootstrap"), PATH: path, LC_ALL: "C" },
  });
  await rm(join(root, "var/cache/apt"), { recursive: true });
  const contents = ["--numeric-owner", "--sort=name", "--create", "--file", join(work, "archive"), "."];
  await outputOf("tar", ["--directory", root, ...contents]);
  await rename(join(work, "archive"), archive);
  await rm(work, { recursive: true });
}
