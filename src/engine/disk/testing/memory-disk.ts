import type { DiskImage } from "../order.ts";
import type { DiskPort, StoppedContainer } from "../trim.ts";

/** A disk that is numbers. */
export type MemoryDisk = {
  readonly port: DiskPort;
  /** What was done, in its order. */
  readonly done: string[];
  /** Bytes of each image. */
  readonly images: Map<DiskImage, number>;
  /** Bytes of each container that does not run, and the image that it keeps in use. */
  readonly containers: Map<StoppedContainer, { readonly bytes: number; readonly image?: string }>;
  /** What else there is. */
  leftovers: number;
  caches: number;
  rest: number;
  /** Called before something is removed. */
  onRemove: (what: string) => void;
};

export function memoryDisk(): MemoryDisk {
  const sum = (numbers: Iterable<number>): number => [...numbers].reduce((total, each) => total + each, 0);
  const take = (what: string, bytes: number): number => {
    disk.done.push(what);
    return bytes;
  };
  const disk: MemoryDisk = {
    done: [],
    images: new Map(),
    containers: new Map(),
    leftovers: 0,
    caches: 0,
    rest: 0,
    onRemove: () => {},
    port: {
      async measure() {
        const containers = sum([...disk.containers.values()].map(({ bytes }) => bytes));
        return disk.rest + disk.leftovers + disk.caches + containers + sum(disk.images.values());
      },
      async quiet() {
        disk.onRemove("quiet");
      },
      async collect() {
        const bytes = take("leftovers", disk.leftovers);
        disk.leftovers = 0;
        return bytes;
      },
      async dropCaches() {
        const bytes = take("caches", disk.caches);
        disk.caches = 0;
        return bytes;
      },
      images: () => {
        const used = new Set([...disk.containers.values()].map(({ image }) => image));
        return [...disk.images.keys()].map((image) => ({
          ...image,
          isInUse: image.isInUse || used.has(image.id),
        }));
      },
      async removeImage(id) {
        disk.onRemove(id);
        const image = [...disk.images.keys()].find((each) => each.id === id);
        if (image === undefined || image.isInUse) return undefined;
        const bytes = take(id, disk.images.get(image) ?? 0);
        disk.images.delete(image);
        return bytes;
      },
      stopped: () => [...disk.containers.keys()],
      async removeContainer(id) {
        disk.onRemove(id);
        const container = [...disk.containers.keys()].find((each) => each.id === id);
        if (container === undefined) return undefined;
        const bytes = take(id, disk.containers.get(container)?.bytes ?? 0);
        disk.containers.delete(container);
        return bytes;
      },
    },
  };
  return disk;
}
