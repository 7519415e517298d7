import { TugError } from "../../base/index.ts";
import type { EngineContext } from "../context.ts";
import { engineError } from "../errors.ts";
import type { VolumeUsage, VolumeView } from "../model/volume-view.ts";
import { archiveDirectory, copyDirectory, type Upload, unpackArchive } from "./contents.ts";
import { measureDirectory } from "./measure.ts";
import { newVolumeName } from "./name.ts";
import type { VolumeRecord } from "./store.ts";
import type { VolumeRequest } from "./volumes.ts";

/** Marks volumes that nobody gave a name. Source: https://github.com/moby/moby/blob/v28.0.0/volume/service/service.go */
export const ANONYMOUS = "com.docker.volume.anonymous";

/** The volumes of an engine, for its doors. */
export interface VolumeService {
  /** By name. */
  list(): Promise<VolumeView[]>;
  /** @throws ENGINE_VOLUME_NOT_FOUND */
  get(name: string): Promise<VolumeView>;
  /** Makes a volume, or gives the one that is there. Without a name it gets one. @throws ENGINE_MOUNT, ENGINE_UNSUPPORTED */
  create(request: Omit<VolumeRequest, "name"> & { readonly name?: string | undefined }): Promise<VolumeView>;
  /** @throws ENGINE_VOLUME_NOT_FOUND, ENGINE_VOLUME_IN_USE, ENGINE_VOLUME_NAME_TAKEN, ENGINE_MOUNT */
  rename(name: string, to: string): Promise<VolumeView>;
  /**
   * Makes a volume with a copy of another one's files and its labels. What a container writes meanwhile may be missing.
   *
   * @throws ENGINE_VOLUME_NOT_FOUND, ENGINE_VOLUME_NAME_TAKEN, ENGINE_MOUNT
   */
  clone(name: string, to: string, signal: AbortSignal): Promise<VolumeView>;
  /** Its files as a tar archive. @throws ENGINE_VOLUME_NOT_FOUND */
  export(name: string, signal: AbortSignal): Promise<AsyncIterable<Uint8Array>>;
  /**
   * Unpacks a tar archive into a volume. One that is not there is made, and not if that fails.
   *
   * @throws ENGINE_MOUNT, TAR_*, IMAGE_*
   */
  import(name: string, upload: Upload): Promise<VolumeView>;
  /** @throws ENGINE_VOLUME_NOT_FOUND, ENGINE_VOLUME_IN_USE */
  remove(name: string): Promise<void>;
  /** Removes those that no container has. Returns their names, and the bytes that they took. */
  prune(
    fits: (volume: VolumeView) => boolean,
    signal: AbortSignal,
  ): Promise<{ removed: string[]; freedBytes: number }>;
  /** All of them, measured. */
  usage(signal: AbortSignal): Promise<VolumeUsage[]>;
}

/** The volumes of an engine, with the containers that have them. */
export function openVolumeService(context: EngineContext): VolumeService {
  const { volumes, store, events, background } = context;
  const usersOf = (name: string): string[] =>
    store
      .list()
      .filter(({ request }) => request.mounts.some((mount) => mount.type === "volume" && mount.name === name))
      .map(({ id }) => id);
  const view = (volume: VolumeRecord): VolumeView => ({
    ...volume,
    mountpoint: volumes.path(volume.name),
    users: usersOf(volume.name),
  });
  // Files of the host's take no room of ours.
  const measured = async (volume: VolumeView, signal: AbortSignal): Promise<VolumeUsage> => ({
    ...volume,
    bytes: Object.keys(volume.options).length > 0 ? 0 : await measureDirectory(volume.mountpoint, signal),
  });
  const requireUnused = (name: string, verb: "remove" | "rename"): void => {
    const users = usersOf(name);
    if (users.length === 0) return;
    throw engineError("VOLUME_IN_USE", `${verb} ${name}: volume is in use - [${users.join(", ")}]`, {
      hint: "remove these containers first",
    });
  };
  const destroy = async (name: string): Promise<void> => {
    await background.settled();
    await volumes.remove(name, () => requireUnused(name, "remove"));
    events.publish({ type: "volume", action: "destroy", id: name, attributes: { driver: "local" } });
  };
  return {
    list: async () => volumes.list().map(view),
    get: async (name) => view(volumes.find(name)),
    async create({ name, labels = {}, ...request }) {
      const anonymous = name ? {} : { [ANONYMOUS]: "" };
      return view(
        await volumes.make({
          ...request,
          name: name || newVolumeName(),
          labels: { ...labels, ...anonymous },
        }),
      );
    },
    async rename(name, to) {
      await background.settled();
      const renamed = await volumes.rename(name, to, () => requireUnused(name, "rename"));
      const attributes = { driver: "local", oldName: name };
      events.publish({ type: "volume", action: "rename", id: to, attributes });
      return view(renamed);
    },
    async clone(name, to, signal) {
      const { [ANONYMOUS]: _, ...labels } = volumes.find(name).labels;
      const from = await volumes.directory(name);
      const request = { name: to, labels };
      return view(
        await volumes.makeFull(request, (own) => copyDirectory(context, { from, to: own }, signal)),
      );
    },
    async export(name, signal) {
      volumes.find(name);
      return archiveDirectory(context, await volumes.directory(name), signal);
    },
    async import(name, upload) {
      const fill = (directory: string): Promise<void> => unpackArchive(context, directory, upload);
      const there = volumes.get(name);
      if (there === undefined) return view(await volumes.makeFull({ name }, fill));
      await fill(await volumes.directory(name));
      return view(there);
    },
    remove: async (name) => destroy(volumes.find(name).name),
    async prune(fits, signal) {
      const removed: string[] = [];
      let freedBytes = 0;
      for (const volume of volumes.list().map(view)) {
        if (volume.users.length > 0 || !fits(volume)) continue;
        const { bytes } = await measured(volume, signal);
        try {
          await destroy(volume.name);
        } catch (error) {
          // Somebody has begun to use it meanwhile.
          if (error instanceof TugError && error.kind === "conflict") continue;
          throw error;
        }
        removed.push(volume.name);
        freedBytes += bytes;
      }
      const attributes = { reclaimed: String(freedBytes) };
      events.publish({ type: "volume", action: "prune", id: "", attributes });
      return { removed, freedBytes };
    },
    usage: async (signal) => Promise.all(volumes.list().map((volume) => measured(view(volume), signal))),
  };
}
