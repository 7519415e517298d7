/** Data in pieces that are valid only until the next one is asked for: they are overwritten then. */
export async function* briefPieces(data: Uint8Array, length: number): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < data.length; at += length) {
    const piece = Uint8Array.from(data.subarray(at, at + length));
    yield piece;
    piece.fill(0xee);
  }
}
