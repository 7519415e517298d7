import { TugError } from "../../base/index.ts";
import type { EngineContext } from "../context.ts";
import { engineError } from "../errors.ts";
import type { VolumeUsage, VolumeView } from "../model/volume-view.ts";
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
export function openVolumeService({ volumes, store, events, background }: EngineContext): VolumeService {
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
  const destroy = async (name: string): Promise<void> => {
    await background.settled();
    await volumes.remove(name, () => {
      const users = usersOf(name);
      if (users.length === 0) return;
      throw engineError("VOLUME_IN_USE", `remove ${name}: volume is in use - [${users.join(", ")}]`, {
        hint: "remove these containers first",
      });
    });
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
