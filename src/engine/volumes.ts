import { randomBytes } from "node:crypto";
import { mkdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { engineError } from "./errors.ts";

/** Directories that outlive containers. */
export interface Volumes {
  /** The directory that a volume has, or would have. */
  path(name: string): string;
  /** The directory of a volume; makes the volume when it is not there. */
  directory(name: string): Promise<string>;
  remove(name: string): Promise<void>;
}

/** A name for a volume that was given none. */
export function newVolumeName(): string {
  return randomBytes(32).toString("hex");
}

/** Volumes below a directory, each with its files in `_data`. */
export function openVolumes(root: string): Volumes {
  const pathOf = (name: string): string => {
    checkVolumeName(name);
    return join(root, name, "_data");
  };
  return {
    path: pathOf,
    async directory(name) {
      const path = pathOf(name);
      await mkdir(path, { recursive: true, mode: 0o755 });
      return path;
    },
    async remove(name) {
      checkVolumeName(name);
      await rm(join(root, name), { recursive: true, force: true });
    },
  };
}

/** The rule is Docker's. */
function checkVolumeName(name: string): void {
  if (/^[a-zA-Z0-9][a-zA-Z0-9_.-]+$/.test(name) && name.length <= 255) return;
  throw engineError(
    "MOUNT",
    `cannot use volume name ${JSON.stringify(name)}: only [a-zA-Z0-9][a-zA-Z0-9_.-] are allowed`,
    {
      hint: "a path on the host must begin with a slash",
    },
  );
}
