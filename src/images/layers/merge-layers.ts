import type { ByteString, TreePiece } from "../../tar/index.ts";
import { parentOf } from "./path.ts";
import { decodeListing, decodeTree } from "./records.ts";
import { asOpaque, isOpaque, isWhiteoutNode, whiteoutNode } from "./whiteout.ts";

/** What some layers on top of one another do to those below. */
type Changes = {
  /** Paths of files and directories that they have. */
  readonly touched: ReadonlySet<ByteString>;
  /** Paths where something of theirs lets nothing through of what is below in a directory. */
  readonly hiding: ReadonlySet<ByteString>;
  /** Paths of whiteouts. */
  readonly removed: ReadonlySet<ByteString>;
};

/**
 * Layers as one, in an overlay's form: put on what is below them it makes the same files.
 *
 * @param merged the tree of all layers on what is below them, as records
 * @param listings of the directory of each layer, in any order, as records without content
 */
export async function* mergeLayers(
  merged: AsyncIterable<Uint8Array>,
  listings: Iterable<AsyncIterable<Uint8Array>>,
): AsyncGenerator<TreePiece> {
  const { touched, hiding, removed } = await readChanges(listings);
  const present = new Set<ByteString>();
  const directories = new Set<ByteString>([""]);
  let isWanted = true;
  for await (const piece of decodeTree(merged)) {
    if (piece.kind === "data") {
      if (isWanted) yield piece;
      continue;
    }
    const { node } = piece;
    const isDirectory = node.type === "directory";
    if (removed.has(node.path)) present.add(node.path);
    isWanted = touched.has(node.path);
    if (!isWanted) continue;
    if (isDirectory) directories.add(node.path);
    yield isDirectory && hiding.has(node.path) ? { kind: "node", node: asOpaque(node) } : piece;
  }
  for (const path of removed) {
    // What was in a directory that is gone itself went with it.
    const isGone = !present.has(path) && directories.has(parentOf(path));
    if (isGone) yield { kind: "node", node: whiteoutNode(path) };
  }
}

async function readChanges(listings: Iterable<AsyncIterable<Uint8Array>>): Promise<Changes> {
  const [touched, hiding, removed] = [new Set<ByteString>(), new Set<ByteString>(), new Set<ByteString>()];
  for (const listing of listings) {
    for await (const node of decodeListing(listing)) {
      if (isWhiteoutNode(node)) removed.add(node.path);
      else touched.add(node.path);
      if (node.type !== "directory" || isOpaque(node)) hiding.add(node.path);
    }
  }
  return { touched, hiding, removed };
}
