import { TugError } from "../../../base/index.ts";
import type { VolumesPort, VolumeView } from "../routes/volumes/port.ts";

/** Volumes in memory. One whose name begins with `used` has a container. */
export function createFakeVolumes(): VolumesPort {
  const volumes = new Map<string, VolumeView>();
  const find = (name: string): VolumeView => {
    const found = volumes.get(name);
    if (found !== undefined) return found;
    throw new TugError("notFound", "ENGINE_VOLUME_NOT_FOUND", `get ${name}: no such volume`);
  };
  return {
    list: async () => [...volumes.values()],
    get: async (name) => find(name),
    async create({ name = "c0ffee", labels = {}, options = {} }) {
      const made = {
        name,
        labels,
        options,
        createdAt: "2026-01-01T00:00:00.000Z",
        mountpoint: `/v/${name}/_data`,
      };
      const volume = volumes.get(name) ?? { ...made, users: name.startsWith("used") ? ["c1"] : [] };
      volumes.set(name, volume);
      return volume;
    },
    async rename(name, to) {
      const renamed = { ...find(name), name: to };
      volumes.delete(name);
      volumes.set(to, renamed);
      return renamed;
    },
    async clone(name, to) {
      const cloned = { ...find(name), name: to };
      volumes.set(to, cloned);
      return cloned;
    },
    async export(name) {
      return (async function* () {
        yield Buffer.from(`archive of ${find(name).name}`);
      })();
    },
    async import(name, { archive }) {
      let text = "";
      for await (const chunk of archive) text += Buffer.from(chunk).toString();
      return this.create({ name, labels: { archive: text } });
    },
    async remove(name) {
      const { users } = find(name);
      if (users.length > 0) {
        throw new TugError(
          "conflict",
          "ENGINE_VOLUME_IN_USE",
          `remove ${name}: volume is in use - [${users}]`,
        );
      }
      volumes.delete(name);
    },
    async prune(fits) {
      const removed = [...volumes.values()].filter((volume) => volume.users.length === 0 && fits(volume));
      for (const { name } of removed) volumes.delete(name);
      return { removed: removed.map(({ name }) => name), freedBytes: removed.length * 1000 };
    },
    usage: async () => [...volumes.values()].map((volume) => ({ ...volume, bytes: 1000 })),
  };
}
