/**
 * Gives the memory of bytes back at once, instead of when the collector of garbage comes: for large pieces of which there
 * are many. Bytes that end before their buffer does are left alone, and so are parts of buffers as large as Node's pool; of
 * others nobody may need anything that is in the same buffer.
 */
export function freeBytes({ buffer, byteOffset, byteLength }: Uint8Array): void {
  const isLast = byteOffset + byteLength === buffer.byteLength;
  const isPool = buffer.byteLength <= Buffer.poolSize && byteOffset > 0;
  if (buffer instanceof ArrayBuffer && isLast && !isPool && byteLength > 0) buffer.transfer(0);
}
