import { existsSync } from "node:fs";
import { mkdir, readFile, rmdir } from "node:fs/promises";
import { join } from "node:path";
import type { Helper } from "../helper/index.ts";
import { parseMountinfo } from "../host/index.ts";
import { type LayerMounter, layerFiles } from "../images/index.ts";
import { erofsFlags, type Op, type Slot } from "../plan/index.ts";

const mount = 0 as Slot;
const from = "layer";

/** Mounts layers with the helper, in the mount namespace of the engine, from where containers take them. */
export function layerMounter(helper: Helper): LayerMounter {
  const execute = (host: Op[]) => helper.execute({ host, stage: [], init: [] });
  const attach = (path: string): Op => ({ op: "attachOnHost", from, mount, path });
  const release = (path: string): Op => ({ op: "releaseMount", from, path });
  const overlay = (lowers: readonly string[]): Op => ({ op: "overlay", from, lowers, out: mount });
  return {
    async mount({ directory, path }, { direct, loop }) {
      const devices = [layerFiles.archive, layerFiles.sparse].map((name) => join(directory, name));
      const flags = (direct ? erofsFlags.DIRECT : 0) | (loop ? erofsFlags.LOOP : 0);
      const image = join(directory, layerFiles.index);
      const open: Op = { op: "erofs", from, image, devices: devices.filter(existsSync), flags, out: mount };
      await execute([open, attach(path)]);
    },
    async unmount(path) {
      await execute([release(path)]);
    },
    async mounted() {
      const mounts = parseMountinfo(await readFile("/proc/self/mountinfo", "utf8"));
      return new Set(mounts.map(({ mountPoint }) => mountPoint));
    },
    async stack(path, scratch) {
      const [outer, other] = [join(scratch, "outer"), join(scratch, "other")];
      await mkdir(other, { recursive: true });
      await mkdir(outer);
      try {
        await execute([overlay([path, other]), attach(outer)]);
        await execute([overlay([outer, other])]);
      } finally {
        await execute([release(outer)]);
        await rmdir(other);
        await rmdir(scratch);
      }
    },
  };
}
