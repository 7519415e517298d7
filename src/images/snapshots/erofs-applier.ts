import { rmdir } from "node:fs/promises";
import { join } from "node:path";
import { isFullDisk } from "../../base/index.ts";
import type { Node } from "../../tar/index.ts";
import { storageError } from "../content/storage-error.ts";
import type { LayerApplier } from "../install-layer.ts";
import { indexLayer } from "../layers/index-layer.ts";
import { createLimiter } from "../limiter.ts";
import { settleLayer } from "./settle-layer.ts";
import type { Snapshotter } from "./snapshotter.ts";

/** Keeps the archives of layers and writes indexes for them. */
export function createErofsApplier(snapshotter: Snapshotter): LayerApplier {
  const turn = createLimiter(1);
  return {
    async apply(key, { data, diffId, blobSize, durable = true }, signal) {
      const [directory = ""] = snapshotter.places(key);
      const named = async <T>(work: Promise<T>): Promise<T> => {
        try {
          return await work;
        } catch (error) {
          throw isFullDisk(error) ? storageError(`layer ${diffId}`, directory, error) : error;
        }
      };
      // No file of the layer is ever made.
      for (const name of ["fs", "work"]) await rmdir(join(directory, name));
      const layer = await named(indexLayer(data, { directory, diffId, blobSize, durable, turn, signal }));
      const complete = (changed: readonly Node[]) => named(layer.complete(changed));
      return { ...layer, form: "erofs", durable, complete };
    },
    settle: (key, parent, layer) => settleLayer(snapshotter, { key, parent }, layer),
  };
}
