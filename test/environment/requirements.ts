import { closeSync, openSync, readFileSync, statfsSync } from "node:fs";
import { findPackages, findProgram } from "../../tools/test/debian/package-cache.ts";
import type { ProgramName, SetName } from "../../tools/test/debian/packages.ts";
import { findRootFilesystem } from "../../tools/test/debian/root-filesystem.ts";
import { findNpmPackages } from "../../tools/test/npm/package-cache.ts";

/**
 * Something that a test needs and the machine may lack. `skip` goes into the test's options: the reason, or false.
 * Several are joined by `||`: `{ skip: requireRoot() || skopeo.skip }`.
 */
export type Requirement = { readonly path: string; readonly skip: string | false };

/** A program of a Debian package from the cache that `npm test` fills. */
export function debianProgram(name: ProgramName): Requirement {
  return asRequirement(findProgram(name));
}

/** The directory of a set of Debian packages from the same cache. */
export function debianPackages(set: SetName): Requirement {
  return asRequirement(findPackages(set));
}

/** A tar archive of Debian's smallest root filesystem; to be unpacked as root, with tar --numeric-owner. */
export function debianRootfs(): Requirement {
  return asRequirement(findRootFilesystem());
}

/** A directory from which the packages of tools/test/npm/clients can be imported. */
export function npmPackages(): Requirement {
  return asRequirement(findNpmPackages());
}

/** Why a test that needs root must be skipped, or false. */
export function requireRoot(): string | false {
  return process.getuid?.() === 0 ? false : "needs root";
}

/** Why a test that mounts erofs must be skipped, or false. */
export function needsErofs(): string | false {
  const isKnown = readFileSync("/proc/filesystems", "utf8").split("\n").includes("\terofs");
  return requireRoot() || (isKnown ? false : "the kernel has no erofs, or has not loaded it");
}

/** TMPFS_MAGIC. Source: include/uapi/linux/magic.h */
const TMPFS = 0x01021994;

/** Why a test with files in /dev/shm, which can be mounted by loop devices only, must be skipped, or false. */
export function needsLoops(): string | false {
  try {
    if (statfsSync("/dev/shm").type !== TMPFS) return "/dev/shm is no tmpfs";
    closeSync(openSync("/dev/loop-control", "r+"));
    closeSync(openSync("/dev/loop0", "r"));
    return false;
  } catch (error) {
    return `needs /dev/shm and loop devices: ${(error as Error).message}`;
  }
}

function asRequirement(found: { path: string } | { missing: string }): Requirement {
  return "path" in found ? { path: found.path, skip: false } : { path: "", skip: found.missing };
}
