import { pipeline, type Transform } from "node:stream";
import { createGunzip, createZstdDecompress } from "node:zlib";
import { errnoOf, freeBytes, messageOf } from "../../base/index.ts";
import { imageError } from "../errors.ts";
import { splitZstdFrames } from "./zstd-frames.ts";

/**
 * node:zlib inflates on another thread, some pieces ahead of whoever takes them. Each piece is a trip there and back: as
 * large ones they cost the least. Three layers at a time have several of them each.
 */
const outputSize = 512 * 1024;
const inputSize = 256 * 1024;
const ahead = 2;

/** As objects, pieces that wait are not copied into one. */
const options = { chunkSize: outputSize, readableObjectMode: true, readableHighWaterMark: ahead };

/**
 * Inflates data on another thread. Each piece has memory of its own, or is the next part of the buffer of the one before.
 *
 * @throws IMAGE_COMPRESSION for damaged or truncated data; errors of the source as they are
 */
export async function* inflate(
  source: AsyncIterable<Uint8Array>,
  compression: "gzip" | "zstd",
): AsyncGenerator<Uint8Array> {
  const stream = compression === "gzip" ? createGunzip(options) : createZstdDecompress(options);
  if (compression === "gzip") void feed(source, stream);
  // The error of the pipeline is the one that reading from its end throws.
  else pipeline(splitZstdFrames(source), stream, () => {});
  try {
    yield* stream as AsyncIterable<Uint8Array>;
  } catch (error) {
    if (!/^(Z_|ZSTD_|ERR_ZSTD|ERR_ZLIB)/.test(errnoOf(error) ?? "")) throw error;
    throw imageError("COMPRESSION", `cannot unpack a layer: ${compression}: ${messageOf(error)}`, {
      cause: error,
    });
  }
}

/**
 * Gives a stream its input in large pieces; while it works on one, the next is filled. What the source fails with is what
 * reading from the stream throws.
 */
async function feed(source: AsyncIterable<Uint8Array>, stream: Transform): Promise<void> {
  let [piece, spare] = [Buffer.allocUnsafeSlow(inputSize), Buffer.allocUnsafeSlow(inputSize)];
  let filled = 0;
  let taken: Promise<unknown> = Promise.resolve();
  const send = async () => {
    await taken;
    // A stream that fails or is destroyed tells it here, too; it has no need of the rest.
    taken = new Promise((resolve) => stream.write(piece.subarray(0, filled), resolve));
    [piece, spare] = [spare, piece];
    filled = 0;
  };
  try {
    for await (const chunk of source) {
      for (let at = 0; at < chunk.length; ) {
        const part = chunk.subarray(at, at + inputSize - filled);
        piece.set(part, filled);
        filled += part.length;
        at += part.length;
        if (filled === inputSize) await send();
      }
      if (stream.destroyed) return;
    }
    if (filled > 0) await send();
    await taken;
    stream.end();
    for (const each of [piece, spare]) freeBytes(each);
  } catch (error) {
    stream.destroy(error as Error);
  }
}
