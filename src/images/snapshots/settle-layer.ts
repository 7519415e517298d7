import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { errnoOf, writeFileAtomic } from "../../base/index.ts";
import type { ByteString, Node } from "../../tar/index.ts";
import type { AppliedLayer } from "../install-layer.ts";
import { parentOf } from "../layers/path.ts";
import type { OutlineEntry, Usage } from "../layers/translate.ts";
import { createTreeRecordDecoder, encodeTreeRecord, endRecord } from "../layers/tree-record.ts";
import { asOpaque, isOpaque, isWhiteoutNode, opaqueAttribute } from "../layers/whiteout.ts";
import type { Snapshotter } from "./snapshotter.ts";

/**
 * Finishes a layer whose snapshot is filled.
 *
 * In an overlay the topmost directory decides about owner, mode and time. A layer often has files in a directory
 * without an entry for it; such a directory must be like the one below, or /root would become readable to all. As
 * layers are filled side by side, the ones below come later: what directories and whiteouts a layer has is kept
 * beside it, in `outline`, and looked up when the layer above is settled.
 *
 * @param parent the layer below, which is committed
 * @returns what the layer takes on the disk
 */
export async function settleLayer(
  snapshotter: Snapshotter,
  { key, parent }: { key: string; parent: string | undefined },
  { outline, complete, durable }: AppliedLayer,
): Promise<Usage> {
  const [place = ""] = snapshotter.places(key);
  const inherited = await inherit(outline, parent === undefined ? [] : snapshotter.places(parent));
  const usage = await complete(inherited);
  await writeFileAtomic(join(place, outlineName), encodeOutline(outline, inherited), 0o600, { durable });
  return usage;
}

/** The file of a layer's directory that says what directories and whiteouts it has. */
export const outlineName = "outline";

/** What is in that file. */
export function encodeOutline(outline: readonly OutlineEntry[], inherited: readonly Node[]): Buffer {
  const nodes = [...outline.map(({ node }) => node), ...inherited];
  return Buffer.concat([...nodes.map(encodeTreeRecord), endRecord]);
}

/** What one layer has at a place: a directory, a whiteout, or nothing that is known. */
type Outline = ReadonlyMap<ByteString, Node>;

/**
 * The implied directories that a layer below has, with the metadata they have there. `lowers` are the places of those
 * layers. @throws IMAGE_TREE_RECORD
 */
export async function inherit(outline: readonly OutlineEntry[], lowers: readonly string[]): Promise<Node[]> {
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

/** Nothing is known of a snapshot that was not filled here. */
async function readOutline(place: string): Promise<Outline> {
  const outline = new Map<ByteString, Node>();
  try {
    const decoder = createTreeRecordDecoder();
    for (const piece of decoder.push(await readFile(join(place, outlineName)))) {
      if (piece.kind === "node") outline.set(piece.node.path, piece.node);
    }
    decoder.end();
  } catch (error) {
    if (errnoOf(error) !== "ENOENT") throw error;
  }
  return outline;
}
