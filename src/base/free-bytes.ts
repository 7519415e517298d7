/**
 * Gives the memory of bytes back at once, instead of when the collector of garbage comes: for large pieces of which there
 * are many. Bytes that end before their buffer does are left alone, and so are those in Node's pool; of others nobody may
 * need anything that is in the same buffer.
 */
export function freeBytes({ buffer, byteOffset, byteLength }: Uint8Array): void {
  const isLast = byteOffset + byteLength === buffer.byteLength;
  if (buffer instanceof ArrayBuffer && isLast && byteLength > 0 && buffer.byteLength > Buffer.poolSize)
    buffer.transfer(0);
}
