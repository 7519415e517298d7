import { chmod, mkdir, open } from "node:fs/promises";
import { join } from "node:path";

const DIRECTORIES = ["dev", "proc", "sys"];
const FILES = ["etc/hostname", "etc/hosts", "etc/resolv.conf"];

/** Paths of what something is mounted on in nearly every container. */
export const mountPoints: ReadonlySet<string> = new Set([...DIRECTORIES, ...FILES]);

/**
 * The directories that make a view of an image nobody can write to, with any right: an overlay of one layer needs another
 * directory, and the layer itself could be made writable where it is mounted.
 *
 * @param layers of the image, topmost first
 * @param root of the mount points; some of them are empty
 */
export function viewLayers(layers: readonly string[], root: string): readonly string[] {
  return layers.length === 1 ? [...layers, join(root, "proc")] : layers;
}

/**
 * Makes a tree of all `mountPoints`. Below the layers of an image it shows only where they have nothing there, and spares
 * each container to make, and to remove, these in its own files.
 *
 * @param root host path; what is there already stays
 */
export async function makeMountPoints(root: string): Promise<void> {
  for (const name of ["", "etc", ...DIRECTORIES]) {
    const path = join(root, name);
    await mkdir(path, { recursive: true });
    await chmod(path, 0o755);
  }
  for (const name of FILES) {
    await using file = await open(join(root, name), "a");
    await file.chmod(0o644);
  }
}
