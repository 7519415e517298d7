/** Bytes that arrived in pieces and are taken in other pieces. */
export interface ByteQueue {
  /** How many bytes are waiting. */
  readonly length: number;
  push(chunk: Uint8Array): void;
  /** The next `count` bytes in one piece, of which at least as many must be waiting. */
  take(count: number): Buffer;
  /** The next piece as it arrived, at most `limit` bytes of it; nothing is copied. Something must be waiting. */
  takeSome(limit: number): Buffer;
}

export function createByteQueue(): ByteQueue {
  const chunks: Buffer[] = [];
  let first = 0;
  let length = 0;

  function takeSome(limit: number): Buffer {
    const chunk = chunks[first] as Buffer;
    if (chunk.length > limit) {
      chunks[first] = chunk.subarray(limit);
      length -= limit;
      return chunk.subarray(0, limit);
    }
    first += 1;
    length -= chunk.length;
    if (first === chunks.length || first > 64) {
      chunks.splice(0, first);
      first = 0;
    }
    return chunk;
  }

  return {
    get length() {
      return length;
    },
    push(chunk) {
      if (chunk.length === 0) return;
      chunks.push(Buffer.from(chunk.buffer, chunk.byteOffset, chunk.length));
      length += chunk.length;
    },
    take(count) {
      if (count === 0) return Buffer.alloc(0);
      const piece = takeSome(count);
      if (piece.length === count) return piece;
      const result = Buffer.allocUnsafe(count);
      let filled = piece.copy(result);
      while (filled < count) filled += takeSome(count - filled).copy(result, filled);
      return result;
    },
    takeSome,
  };
}
