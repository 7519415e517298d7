import { mkdir, readdir, stat } from "node:fs/promises";
import { join } from "node:path";
import { createKeyedMutex, errnoOf, reasonOf, removeTree } from "../../base/index.ts";
import { engineError } from "../errors.ts";
import { checkVolumeName } from "./name.ts";
import { boundDirectory } from "./options.ts";
import { exists, finishRenames, renameVolume } from "./rename.ts";
import type { VolumeRecord, VolumeStore } from "./store.ts";

/** A volume that is wanted. */
export type VolumeRequest = {
  readonly name: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly options?: Readonly<Record<string, string>>;
};

/** Directories that outlive containers. */
export interface Volumes extends Pick<VolumeStore, "list" | "get" | "find"> {
  /** The directory that a volume's files are in, or would be. */
  path(name: string): string;
  /**
   * Makes a volume, or gives the one that is there.
   * @throws ENGINE_MOUNT for a bad name, ENGINE_UNSUPPORTED for options
   */
  make(request: VolumeRequest): Promise<VolumeRecord>;
  /** Where a volume's files are; makes the volume when it is not there. @throws ENGINE_MOUNT */
  directory(name: string): Promise<string>;
  /**
   * Makes a volume that is there only when its files are.
   *
   * @throws ENGINE_VOLUME_NAME_TAKEN, ENGINE_MOUNT for a bad name, and what `fill` throws
   */
  makeFull(request: VolumeRequest, fill: (directory: string) => Promise<void>): Promise<VolumeRecord>;
  /**
   * Gives a volume another name.
   *
   * @param check called when nothing else happens to the volume any more; what it throws stops it
   * @throws ENGINE_VOLUME_NOT_FOUND, ENGINE_VOLUME_NAME_TAKEN, ENGINE_MOUNT for a bad name
   */
  rename(from: string, to: string, check: () => void): Promise<VolumeRecord>;
  /**
   * Removes a volume with its files; one that is not there is no error. Files of the host's that it stood for stay.
   *
   * @param check called when nothing else happens to the volume any more; what it throws stops the removal
   */
  remove(name: string, check?: () => void): Promise<void>;
}

export type VolumesOptions = {
  /** A directory for them; made with the first. */
  readonly root: string;
  readonly store: VolumeStore;
  /** Called when a volume has been made. */
  readonly onMade: (volume: VolumeRecord) => void;
};

/** Volumes below a directory, each with its files in `_data`. Finishes what a crash left, and takes up what is not on record. */
export async function openVolumes({ root, store, onMade }: VolumesOptions): Promise<Volumes> {
  const mutex = createKeyedMutex();
  const pathOf = (name: string): string => {
    const bound = boundDirectory(name, store.get(name)?.options ?? {});
    return bound ?? ownPath(root, name);
  };
  const make = (request: VolumeRequest): Promise<VolumeRecord> =>
    mutex.run(request.name, async () => {
      const { name, labels = {}, options = {} } = request;
      const own = ownPath(root, name);
      boundDirectory(name, options);
      const there = store.get(name);
      const volume = there ?? { name, createdAt: new Date().toISOString(), labels, options };
      if (there === undefined) store.add(volume);
      await mkdir(own, { recursive: true, mode: 0o755 });
      if (there === undefined) onMade(volume);
      return volume;
    });
  const remove = (name: string, check = () => {}): Promise<void> =>
    mutex.run(name, async () => {
      checkVolumeName(name);
      check();
      store.markRemoving(name);
      await removeTree(join(root, name));
      store.remove(name);
    });
  const requireFree = async (name: string): Promise<void> => {
    checkVolumeName(name);
    if (store.get(name) === undefined && !(await exists(join(root, name)))) return;
    throw engineError("VOLUME_NAME_TAKEN", `a volume named ${name} is there already`, {
      hint: "choose another name, or remove that volume",
    });
  };
  for (const name of store.removing()) await remove(name);
  await finishRenames(root, store);
  await adopt(root, store);
  return {
    list: store.list,
    get: store.get,
    find: store.find,
    path: pathOf,
    make,
    async directory(name) {
      await make({ name });
      const path = pathOf(name);
      await checkDirectory(name, path);
      return path;
    },
    makeFull: ({ name, labels = {}, options = {} }, fill) =>
      mutex.run(name, async () => {
        await requireFree(name);
        const volume = { name, createdAt: new Date().toISOString(), labels, options };
        store.addHidden(volume);
        try {
          const own = ownPath(root, name);
          await mkdir(own, { recursive: true, mode: 0o755 });
          await fill(own);
        } catch (error) {
          await removeTree(join(root, name));
          store.remove(name);
          throw error;
        }
        store.appear(name);
        onMade(volume);
        return volume;
      }),
    rename(from, to, check) {
      // Two that are renamed into each other must not wait for each other.
      const [first, second] = [from, to].toSorted() as [string, string];
      if (first === second) return requireFree(to).then(() => store.find(from));
      return mutex.run(first, () =>
        mutex.run(second, async () => {
          store.find(from);
          await requireFree(to);
          check();
          await renameVolume(root, store, { from, to });
          return store.find(to);
        }),
      );
    },
    remove,
  };
}

/** The directory that a volume of this name has for itself. @throws ENGINE_MOUNT */
export function ownPath(root: string, name: string): string {
  checkVolumeName(name);
  return join(root, name, "_data");
}

async function checkDirectory(name: string, path: string): Promise<void> {
  const found = await stat(path).catch((error: unknown) => {
    throw engineError("MOUNT", `cannot use volume ${name}: ${reasonOf(error)}: ${path}`, { cause: error });
  });
  if (!found.isDirectory()) throw engineError("MOUNT", `cannot use volume ${name}: ${path} is no directory`);
}

/** Volumes of an engine that kept no record of them, or whose row a power loss took. */
async function adopt(root: string, store: VolumeStore): Promise<void> {
  const names = await readdir(root).catch((error: unknown): string[] => {
    if (errnoOf(error) === "ENOENT") return [];
    throw error;
  });
  for (const name of names) {
    if (store.get(name) !== undefined) continue;
    const { birthtime } = await stat(join(root, name));
    store.add({ name, createdAt: birthtime.toISOString(), labels: {}, options: {} });
  }
}
