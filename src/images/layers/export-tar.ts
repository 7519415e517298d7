import { emptyNode, type Node, type TreePiece, writeTar } from "../../tar/index.ts";
import { baseOf, joinPath, parentOf } from "./path.ts";
import { decodeTree, joined } from "./records.ts";
import { isOpaque, isOverlayAttribute, isWhiteoutNode, opaqueMarker, whiteoutName } from "./whiteout.ts";

/** A tree, given as a stream of tree records, as a tar archive. The same tree always makes the same bytes. */
export async function* exportTar(records: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  yield* writeArchive(decodeTree(records));
}

/**
 * The upper directory of an overlay, given as a stream of tree records, as the archive of a layer: device nodes and
 * attributes that hide something become whiteouts.
 *
 * @param isPart whether a file or directory belongs to the layer; of a directory that does not, what is in it still may
 */
export async function* exportLayer(
  records: AsyncIterable<Uint8Array>,
  isPart: (node: Node) => boolean = () => true,
): AsyncGenerator<Uint8Array> {
  yield* exportPieces(onlyParts(decodeTree(records), isPart));
}

/** The same of a tree that is not in the form of records. */
export async function* exportPieces(pieces: AsyncIterable<TreePiece>): AsyncGenerator<Uint8Array> {
  yield* writeArchive(toLayer(pieces));
}

/** Leaves nodes out, with their data. */
async function* onlyParts(
  pieces: AsyncIterable<TreePiece>,
  isPart: (node: Node) => boolean,
): AsyncGenerator<TreePiece> {
  let wanted = true;
  for await (const piece of pieces) {
    if (piece.kind === "node") wanted = isPart(piece.node);
    if (wanted) yield piece;
  }
}

async function* writeArchive(pieces: AsyncIterable<TreePiece>): AsyncGenerator<Uint8Array> {
  yield* joined(writeTar(pieces));
}

async function* toLayer(pieces: AsyncIterable<TreePiece>): AsyncGenerator<TreePiece> {
  for await (const piece of pieces) {
    if (piece.kind === "data") {
      yield piece;
      continue;
    }
    const { node } = piece;
    if (isWhiteoutNode(node)) {
      const path = joinPath(parentOf(node.path), whiteoutName(baseOf(node.path)));
      yield { kind: "node", node: { ...emptyNode(path), mtime: node.mtime } };
      continue;
    }
    const xattrs = new Map([...node.xattrs].filter(([name]) => !isOverlayAttribute(name)));
    yield { kind: "node", node: { ...node, xattrs } };
    if (node.type === "directory" && isOpaque(node)) yield { kind: "node", node: opaqueMarker(node.path) };
  }
}
