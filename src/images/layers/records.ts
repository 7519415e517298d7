import type { TreePiece } from "./pieces.ts";
import { createTreeRecordDecoder, encodeTreeRecord, endRecord } from "./tree-record.ts";

/** Small records are joined to pieces of about this size, so that 30,000 files are not 30,000 writes. */
const joined = 64 * 1024;

/** Collects small pieces of bytes and gives them out in larger ones; large pieces pass uncopied. */
export type Joiner = {
  /** Full pieces, in order, now that these bytes were added. */
  add(bytes: Uint8Array): Uint8Array[];
  /** What is left. */
  flush(): Uint8Array[];
};

export function createJoiner(size = joined): Joiner {
  let buffer = Buffer.allocUnsafe(size);
  let used = 0;
  const flush = () => {
    if (used === 0) return [];
    const full = buffer.subarray(0, used);
    buffer = Buffer.allocUnsafe(size);
    used = 0;
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

/** A tree as a stream of tree records, with its end. */
export async function* encodeTree(
  pieces: AsyncIterable<TreePiece> | Iterable<TreePiece>,
): AsyncGenerator<Uint8Array> {
  const joiner = createJoiner();
  for await (const piece of pieces) yield* joiner.add(recordOf(piece));
  yield* joiner.add(endRecord);
  yield* joiner.flush();
}

/** The bytes that one piece of a tree has in a stream of records. */
export function recordOf(piece: TreePiece): Uint8Array {
  return piece.kind === "node" ? encodeTreeRecord(piece.node) : piece.data;
}

/** The pieces of a tree that comes as a stream of records. @throws IMAGE_TREE_RECORD */
export async function* decodeTree(records: AsyncIterable<Uint8Array>): AsyncGenerator<TreePiece> {
  const decoder = createTreeRecordDecoder();
  for await (const chunk of records) yield* decoder.push(chunk);
  decoder.end();
}
