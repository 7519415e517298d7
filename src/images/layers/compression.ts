import { freeBytes } from "../../base/index.ts";
import { imageError } from "../errors.ts";
import { inflate } from "./inflate.ts";

export type Compression = "gzip" | "zstd" | "none";

export type DecompressOptions = {
  /**
   * A piece is valid only until the next one is asked for: its memory is given back then. Where the collector has to find
   * hundreds of MB of pieces, that takes it as long as hashing them.
   */
  readonly brief?: boolean;
};

/** Compressions that are recognised and not read. */
const unsupported: Readonly<Record<string, readonly number[]>> = {
  xz: [0xfd, 0x37, 0x7a, 0x58, 0x5a, 0x00],
  bzip2: [0x42, 0x5a, 0x68],
  lz4: [0x04, 0x22, 0x4d, 0x18],
};

/**
 * The compression of data by its first bytes; media types are not asked, because they are often wrong.
 * Sources: https://www.rfc-editor.org/rfc/rfc1952#section-2.3.1, https://www.rfc-editor.org/rfc/rfc8878#section-3.1
 * @throws IMAGE_COMPRESSION
 */
export function detectCompression(start: Uint8Array): Compression {
  const begins = (bytes: readonly number[]) => bytes.every((byte, index) => start[index] === byte);
  if (begins([0x1f, 0x8b])) return "gzip";
  const isSkippable = start[0] !== undefined && (start[0] & 0xf0) === 0x50;
  if (begins([0x28, 0xb5, 0x2f, 0xfd])) return "zstd";
  if (isSkippable && [0x2a, 0x4d, 0x18].every((byte, index) => start[index + 1] === byte)) return "zstd";
  for (const [name, bytes] of Object.entries(unsupported)) {
    if (!begins(bytes)) continue;
    throw imageError("COMPRESSION", `cannot unpack a layer: it is compressed with ${name}`, {
      hint: "build the image again with gzip, zstd or no compression",
    });
  }
  return "none";
}

/**
 * Data without the compression that they turn out to have. The source is always read to its end. Of compressed data a piece
 * is used only until the next one is asked for.
 * @throws IMAGE_COMPRESSION for damaged or truncated data; errors of the source as they are
 */
export async function* decompress(
  source: AsyncIterable<Uint8Array>,
  { brief = false }: DecompressOptions = {},
): AsyncGenerator<Uint8Array> {
  const iterator = source[Symbol.asyncIterator]();
  try {
    const start = await takeStart(iterator);
    const whole = rejoin(start, iterator);
    const compression = detectCompression(start);
    if (compression === "none") yield* whole;
    else {
      const pieces = inflate(whole, compression);
      yield* brief ? freeing(pieces) : pieces;
    }
  } finally {
    await iterator.return?.();
  }
}

/** Enough to tell the compression, or everything when there is less. */
async function takeStart(iterator: AsyncIterator<Uint8Array>): Promise<Uint8Array> {
  let start: Uint8Array = new Uint8Array();
  while (start.length < 6) {
    const { value, done } = await iterator.next();
    if (done) break;
    // A short piece is gone when the next one comes.
    start = value.length < 6 || start.length > 0 ? Buffer.concat([start, value]) : value;
  }
  return start;
}

async function* rejoin(start: Uint8Array, iterator: AsyncIterator<Uint8Array>): AsyncGenerator<Uint8Array> {
  if (start.length > 0) yield start;
  for (;;) {
    const { value, done } = await iterator.next();
    if (done) return;
    yield value;
  }
}

async function* freeing(pieces: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  for await (const piece of pieces) {
    yield piece;
    freeBytes(piece);
  }
}
