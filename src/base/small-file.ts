import { constants, open } from "node:fs/promises";

/** The text of a regular file; see `readSmallBytes`. */
export async function readSmallFile(path: string, most: number): Promise<string> {
  return Buffer.from(await readSmallBytes(path, most)).toString("utf8");
}

/**
 * The bytes of a regular file. Opening never waits for the other end of a pipe, and devices are not read.
 * @param most bytes that it may have
 * @throws what open(2) says, or an Error with the reason
 */
export async function readSmallBytes(path: string, most: number): Promise<Uint8Array> {
  await using file = await open(path, constants.O_RDONLY | constants.O_NONBLOCK);
  if (!(await file.stat()).isFile()) throw new Error("it is no regular file");
  const buffer = Buffer.allocUnsafe(most + 1);
  let size = 0;
  while (size <= most) {
    const { bytesRead } = await file.read(buffer, size, buffer.length - size, size);
    if (bytesRead === 0) return new Uint8Array(buffer.subarray(0, size));
    size += bytesRead;
  }
  throw new Error(`it is larger than ${most} bytes`);
}
