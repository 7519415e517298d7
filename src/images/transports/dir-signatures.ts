import { readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { errnoOf } from "../../base/index.ts";

/** Takes the signatures of an image away from a directory that is going to hold another one. */
export async function removeDirSignatures(directory: string): Promise<void> {
  const names = await readdir(directory).catch((error: unknown) => {
    if (errnoOf(error) === "ENOENT") return [];
    throw error;
  });
  for (const name of names) {
    if (/^(?:[0-9a-f]+\.)?signature-\d+$/.test(name)) await rm(join(directory, name), { force: true });
  }
}
