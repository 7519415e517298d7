import { rm } from "node:fs/promises";
import type { LayerAccess, LayerMounter } from "../snapshots/layer-mounts.ts";

/** A mounter that remembers instead of mounting. */
export type MemoryMounter = LayerMounter & {
  /** What is mounted: directories of layers by the paths where they show. */
  readonly mounts: Map<string, string>;
  /** How each mount was made, in their order. */
  readonly ways: LayerAccess[];
  /** Refuses mounts from now on. */
  refuse: ((path: string, access: LayerAccess) => Error | undefined) | undefined;
};

export function createMemoryMounter(): MemoryMounter {
  const mounts = new Map<string, string>();
  const ways: LayerAccess[] = [];
  const mounter: MemoryMounter = {
    mounts,
    ways,
    refuse: undefined,
    async mount({ directory, path }, access) {
      const error = mounter.refuse?.(path, access);
      if (error !== undefined) throw error;
      if (mounts.has(path)) throw new Error(`${path} is mounted twice`);
      mounts.set(path, directory);
      ways.push(access);
    },
    async unmount(path) {
      mounts.delete(path);
      await rm(path, { recursive: true, force: true });
    },
    mounted: async () => new Set(mounts.keys()),
    async stack() {},
  };
  return mounter;
}
