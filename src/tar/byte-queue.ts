/** Bytes that arrived in pieces and are taken in other pieces. */
export interface ByteQueue {
  /** How many bytes are waiting. */
  readonly length: number;
  push(chunk: Uint8Array): void;
  /** A copy of the next `count` bytes, of which at least as many must be waiting. */
  take(count: number): Buffer;
  /** The next piece as it arrived, at most `limit` bytes of it; nothing is copied. Something must be waiting. */
  takeSome(limit: number): Buffer;
  /** Copies what is waiting: whoever pushed it may use its memory for something else. */
  own(): void;
}

export function createByteQueue(): ByteQueue {
  let chunks: Buffer[] = [];
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
      const result = Buffer.allocUnsafe(count);
      let filled = 0;
      while (filled < count) filled += takeSome(count - filled).copy(result, filled);
      return result;
    },
    takeSome,
    own() {
      if (length > 0) chunks = [Buffer.concat(chunks.slice(first))];
      first = 0;
    },
  };
}
