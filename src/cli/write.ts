import type { Writable } from "node:stream";

/** Writes, and resolves when the bytes have gone out or never will. */
export function write(stream: Writable, data: string | Uint8Array): Promise<void> {
  return new Promise((resolve) => void stream.write(data, () => resolve()));
}
