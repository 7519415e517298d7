import { isFullDisk } from "../../base/index.ts";
import type { Node } from "../../tar/index.ts";
import { storageError } from "../content/storage-error.ts";
import type { LayerApplier } from "../install-layer.ts";
import { encodeTree } from "../layers/records.ts";
import type { TreePort } from "../layers/tree-port.ts";
import { unpackLayer } from "../layers/unpack-layer.ts";
import { settleLayer } from "./settle-layer.ts";
import type { Snapshotter } from "./snapshotter.ts";

/** Fills overlay directories with the files of layers. */
export function createOverlayApplier(snapshotter: Snapshotter, trees: TreePort): LayerApplier {
  return {
    async apply(key, { data, diffId, blobSize, durable = true }, signal) {
      const { upper: directory = "" } = snapshotter.mounts(key);
      try {
        const options = { trees, directory, diffId, blobSize, signal };
        const { usage, ...layer } = await unpackLayer(data, options);
        const complete = async (changed: readonly Node[]) => {
          const pieces = changed.map((node) => ({ kind: "node" as const, node }));
          if (changed.length > 0) await trees.unpack(directory, encodeTree(pieces));
          return usage;
        };
        return { ...layer, form: "overlay", durable, complete };
      } catch (error) {
        throw isFullDisk(error) ? storageError(`layer ${diffId}`, directory, error) : error;
      }
    },
    settle: (key, parent, layer) => settleLayer(snapshotter, { key, parent }, layer),
  };
}
