import type { Node, TreePiece } from "../../tar/index.ts";
import { createTreeRecordDecoder, encodeTreeRecord, endRecord } from "./tree-record.ts";

/** Small records are joined to pieces of about this size, so that 30,000 files are not 30,000 writes. */
const joinedSize = 64 * 1024;

/**
 * Collects small pieces of bytes and gives them out in larger ones; large pieces pass uncopied.
 * With `brief`, what was given out is overwritten when there is more to give out.
 */
type Joiner = {
  /** Full pieces, in order, now that these bytes were added. */
  add(bytes: Uint8Array): Uint8Array[];
  /** What is left. */
  flush(): Uint8Array[];
};

function createJoiner({ brief }: { brief: boolean }): Joiner {
  const size = joinedSize;
  let [buffer, spare] = [Buffer.allocUnsafeSlow(size), Buffer.allocUnsafeSlow(size)];
  let used = 0;
  const flush = () => {
    if (used === 0) return [];
    const full = buffer.subarray(0, used);
    used = 0;
    [buffer, spare] = [spare, brief ? buffer : Buffer.allocUnsafeSlow(size)];
    return [full];
  };
  return {
    flush,
    add(bytes) {
      if (bytes.length >= size / 4) return [...flush(), bytes];
      const full = used + bytes.length > size ? flush() : [];
      buffer.set(bytes, used);
      used += bytes.length;
      return full;
    },
  };
}

/**
 * The same bytes in larger pieces.
 *
 * `yield*` is not used for lists here and elsewhere: a reader that fails throws its error into a generator, and a list
 * cannot take it.
 *
 * @param options.brief a piece is valid only until the next one is asked for, of the source, too
 */
export async function* joined(
  source: AsyncIterable<Uint8Array>,
  { brief = false } = {},
): AsyncGenerator<Uint8Array> {
  const joiner = createJoiner({ brief });
  for await (const bytes of source) for (const piece of joiner.add(bytes)) yield piece;
  for (const piece of joiner.flush()) yield piece;
}

/** A tree as a stream of tree records, with its end. A piece is valid only until the next one is asked for. */
export async function* encodeTree(
  pieces: AsyncIterable<TreePiece> | Iterable<TreePiece>,
): AsyncGenerator<Uint8Array> {
  yield* joined(recordsOf(pieces), { brief: true });
}

async function* recordsOf(
  pieces: AsyncIterable<TreePiece> | Iterable<TreePiece>,
): AsyncGenerator<Uint8Array> {
  for await (const piece of pieces) yield recordOf(piece);
  yield endRecord;
}

/** The bytes that one piece of a tree has in a stream of records. */
export function recordOf(piece: TreePiece): Uint8Array {
  return piece.kind === "node" ? encodeTreeRecord(piece.node) : piece.data;
}

/** The files of a tree that comes as a listing: records without content. @throws IMAGE_TREE_RECORD */
export async function* decodeListing(records: AsyncIterable<Uint8Array>): AsyncGenerator<Node> {
  const decoder = createTreeRecordDecoder({ listing: true });
  for await (const chunk of records) {
    for (const piece of decoder.push(chunk)) if (piece.kind === "node") yield piece.node;
  }
  decoder.end();
}

/** The pieces of a tree that comes as a stream of records. @throws IMAGE_TREE_RECORD */
export async function* decodeTree(records: AsyncIterable<Uint8Array>): AsyncGenerator<TreePiece> {
  const decoder = createTreeRecordDecoder();
  for await (const chunk of records) for (const piece of decoder.push(chunk)) yield piece;
  decoder.end();
}
