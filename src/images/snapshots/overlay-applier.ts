import { readFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { errnoOf, isFullDisk, writeFileAtomic } from "../../base/index.ts";
import type { ByteString, Node } from "../../tar/index.ts";
import { storageError } from "../content/storage-error.ts";
import type { LayerApplier } from "../install-layer.ts";
import { parentOf } from "../layers/path.ts";
import { encodeTree } from "../layers/records.ts";
import type { OutlineEntry } from "../layers/translate.ts";
import type { TreePort } from "../layers/tree-port.ts";
import { createTreeRecordDecoder, encodeTreeRecord, endRecord } from "../layers/tree-record.ts";
import { unpackLayer } from "../layers/unpack-layer.ts";
import { asOpaque, isOpaque, isWhiteoutNode, opaqueAttribute } from "../layers/whiteout.ts";
import type { Snapshotter } from "./snapshotter.ts";

/**
 * Fills overlay directories with layers.
 *
 * In an overlay the topmost directory decides about owner, mode and time. A layer often has files in a directory
 * without an entry for it; such a directory must be like the one below, or /root would become readable to all. As
 * layers are unpacked side by side, the ones below come later: what directories and whiteouts a layer has is kept
 * beside it, in `outline`, and looked up when the layer above is settled.
 */
export function createOverlayApplier(snapshotter: Snapshotter, trees: TreePort): LayerApplier {
  return {
    async apply(key, { data, diffId, blobSize }, signal) {
      const { upper: directory = "" } = snapshotter.mounts(key);
      try {
        return await unpackLayer(data, { trees, directory, diffId, blobSize, signal });
      } catch (error) {
        throw isFullDisk(error) ? storageError(`layer ${diffId}`, directory, error) : error;
      }
    },
    async settle(key, parent, { outline }) {
      const { upper = "" } = snapshotter.mounts(key);
      const lowers = parent === undefined ? [] : snapshotter.predict(key, parent).lowers;
      const inherited = await inherit(outline, lowers);
      if (inherited.length > 0) {
        const pieces = inherited.map((node) => ({ kind: "node" as const, node }));
        await trees.unpack(upper, encodeTree(pieces));
      }
      await writeOutline(upper, [...outline.map(({ node }) => node), ...inherited]);
    },
  };
}

/** What one layer has at a place: a directory, a whiteout, or nothing that is known. */
type Outline = ReadonlyMap<ByteString, Node>;

/** The implied directories that a layer below has, with the metadata they have there. */
async function inherit(outline: readonly OutlineEntry[], lowers: readonly string[]): Promise<Node[]> {
  const implied = outline.filter((entry) => entry.implied);
  if (implied.length === 0 || lowers.length === 0) return [];
  const outlines = await Promise.all(lowers.map(readOutline));
  return implied.flatMap(({ node }) => {
    const found = lookUp(node.path, outlines);
    return found === undefined ? [] : [{ ...found, xattrs: inheritedXattrs(node, found) }];
  });
}

/** The directory that shows at a path, the topmost layer first; undefined where a layer hides all below it. */
function lookUp(path: ByteString, outlines: readonly Outline[]): Node | undefined {
  for (const outline of outlines) {
    const node = outline.get(path);
    if (node !== undefined) return isWhiteoutNode(node) ? undefined : node;
    for (let above = parentOf(path); above !== ""; above = parentOf(above)) {
      const place = outline.get(above);
      if (place !== undefined && (isWhiteoutNode(place) || isOpaque(place))) return undefined;
    }
  }
  return undefined;
}

/** Whether a directory is opaque is a matter of each layer. */
function inheritedXattrs(own: Node, below: Node): Node["xattrs"] {
  const xattrs = new Map(below.xattrs);
  xattrs.delete(opaqueAttribute);
  return isOpaque(own) ? asOpaque({ ...below, xattrs }).xattrs : xattrs;
}

function outlinePath(tree: string): string {
  return join(dirname(tree), "outline");
}

async function writeOutline(tree: string, nodes: readonly Node[]): Promise<void> {
  const records = [...nodes.map(encodeTreeRecord), endRecord];
  await writeFileAtomic(outlinePath(tree), Buffer.concat(records));
}

/** Nothing is known of a snapshot that was not filled here. */
async function readOutline(tree: string): Promise<Outline> {
  const outline = new Map<ByteString, Node>();
  try {
    const decoder = createTreeRecordDecoder();
    for (const piece of decoder.push(await readFile(outlinePath(tree)))) {
      if (piece.kind === "node") outline.set(piece.node.path, piece.node);
    }
    decoder.end();
  } catch (error) {
    if (errnoOf(error) !== "ENOENT") throw error;
  }
  return outline;
}
