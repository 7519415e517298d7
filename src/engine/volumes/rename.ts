import { rename, stat } from "node:fs/promises";
import { join } from "node:path";
import { errnoOf } from "../../base/index.ts";
import type { VolumeStore } from "./store.ts";

/**
 * Gives a volume another name. The new name is on record before the directory has it, and the old one until it has, so
 * that the next engine can finish what this one began (`finishRenames`).
 */
export async function renameVolume(
  root: string,
  store: VolumeStore,
  { from, to }: { readonly from: string; readonly to: string },
): Promise<void> {
  const volume = store.find(from);
  store.replace(from, { ...volume, becomes: to });
  try {
    await rename(join(root, from), join(root, to));
  } catch (error) {
    store.replace(from, volume);
    throw error;
  }
  store.replace(from, { ...volume, name: to });
}

/** Finishes what an engine began that has died: where the directory has its new name, the volume has it too. */
export async function finishRenames(root: string, store: VolumeStore): Promise<void> {
  for (const { becomes, ...volume } of store.list()) {
    if (becomes === undefined) continue;
    const moved = !(await exists(join(root, volume.name))) && (await exists(join(root, becomes)));
    store.replace(volume.name, moved ? { ...volume, name: becomes } : volume);
  }
}

/** @throws what says no more than that it cannot be known */
export async function exists(path: string): Promise<boolean> {
  try {
    await stat(path);
    return true;
  } catch (error) {
    if (errnoOf(error) === "ENOENT") return false;
    throw error;
  }
}
