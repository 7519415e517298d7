import type { FileHandle } from "node:fs/promises";

/** Large enough that a read costs little beside the hashing of what it brings. */
const chunkSize = 256 * 1024;

/** The bytes of an open regular file from `start` up to `end` (excluded), in pieces. Does not close the file. */
export async function* readChunks(
  file: FileHandle,
  options: { start?: number; end?: number; signal?: AbortSignal | undefined } = {},
): AsyncGenerator<Uint8Array> {
  const { start = 0, end = Number.POSITIVE_INFINITY, signal } = options;
  for (let position = start; position < end; ) {
    signal?.throwIfAborted();
    const buffer = Buffer.allocUnsafe(Math.min(chunkSize, end - position));
    const { bytesRead } = await file.read(buffer, 0, buffer.length, position);
    if (bytesRead === 0) return;
    position += bytesRead;
    yield buffer.subarray(0, bytesRead);
  }
}
