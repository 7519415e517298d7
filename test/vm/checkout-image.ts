import { mkdir, readdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { cacheDirectory, checkout } from "../../tools/test/cache.ts";
import { outputOf } from "../../tools/test/command.ts";
import { makeExt4Image } from "./ext4-image.ts";

/** Bytes of the checkout's disk. */
const diskSize = 2 * 1024 ** 3;

/** What of the checkout a test machine has no use for: it neither builds nor lints. */
const leftOut = {
  checkout: [".git", ".cache", "node_modules"],
  modules: ["@biomejs", "@esbuild", "@types", "@typescript", "esbuild", "typescript", ".bin"],
};

/**
 * Makes an ext4 image of the built checkout, with its run-time packages, what `cached` names in the cache, and the command that the machine is to run. Everything keeps its path below the checkout.
 */
export async function makeCheckoutImage(
  image: string,
  contents: { cached: readonly string[]; command: string; packages: string },
): Promise<void> {
  const root = `${image}.root`;
  await rm(root, { recursive: true, force: true });
  try {
    await mkdir(join(root, ".cache/vm"), { recursive: true });
    await linkEntries(checkout, root, leftOut.checkout);
    await linkEntries(join(checkout, "node_modules"), join(root, "node_modules"), leftOut.modules);
    for (const path of contents.cached) {
      await linkTree(path, join(root, ".cache", path.slice(cacheDirectory.length)));
    }
    await writeFile(join(root, ".cache/vm/command"), contents.command);
    await makeExt4Image(image, { directory: root, packages: contents.packages, bytes: diskSize });
  } finally {
    await rm(root, { recursive: true, force: true });
  }
}

async function linkEntries(from: string, to: string, without: readonly string[]): Promise<void> {
  for (const name of await readdir(from)) {
    if (!without.includes(name)) await linkTree(join(from, name), join(to, name));
  }
}

/** A copy of a tree whose files are hard links; the image is made at once and then it is gone. */
async function linkTree(from: string, to: string): Promise<void> {
  await mkdir(join(to, ".."), { recursive: true });
  await outputOf("cp", ["--archive", "--link", from, to]);
}
