import { mkdir, stat } from "node:fs/promises";
import { reasonOf } from "../../base/index.ts";
import { lifecycleError } from "../errors.ts";
import type { CriuSettings } from "./options.ts";

/** Makes the directories that a dump writes to: memory of the container is in them, so nobody else may look. */
export async function makeDirectories({ images, work }: CriuSettings): Promise<void> {
  await makeDirectory(images, "--image-path");
  if (work !== undefined) await makeDirectory(work, "--work-path");
}

/** What a restore reads must be there; where it logs may be new. @throws CONTAINER_CHECKPOINT */
export async function checkDirectories({ images, work }: CriuSettings): Promise<void> {
  const found = await stat(images).catch(() => undefined);
  if (!found?.isDirectory()) {
    throw lifecycleError(
      "CHECKPOINT",
      `cannot restore from ${images} (--image-path): it is not a directory`,
      {
        hint: "give the directory that checkpoint has written",
      },
    );
  }
  if (work !== undefined) await makeDirectory(work, "--work-path");
}

async function makeDirectory(path: string, flag: string): Promise<void> {
  try {
    await mkdir(path, { recursive: true, mode: 0o700 });
  } catch (error) {
    throw lifecycleError("CHECKPOINT", `cannot make ${path} (${flag}): ${reasonOf(error)}`, { cause: error });
  }
}
