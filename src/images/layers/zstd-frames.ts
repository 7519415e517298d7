import { type ByteQueue, createByteQueue } from "../../tar/index.ts";
import { imageError } from "../errors.ts";

const magic = 0xfd2fb528;
const skippableMagic = 0x184d2a50;

/** Pieces are joined up to this size, because each costs a trip to another thread. */
const joined = 256 * 1024;

/** A frame has ended: what follows must not be in one piece with it. */
const boundary = Symbol("boundary");

/**
 * The bytes of zstd frames, cut so that no piece has parts of two frames, without skippable frames.
 *
 * node:zlib ends at the end of the first frame when more follows in the same piece, and does not know skippable
 * frames. Layers of zstd:chunked have both. A piece of the source is used only until the next one is asked for.
 * Source: https://www.rfc-editor.org/rfc/rfc8878#section-3.1
 * @throws IMAGE_COMPRESSION
 */
export async function* splitZstdFrames(source: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  const queue = createByteQueue();
  const parser = parse(queue);
  const joiner = createJoiner();
  for await (const chunk of source) {
    queue.push(chunk);
    for (let { value } = parser.next(); value !== undefined; { value } = parser.next())
      for (const piece of value === boundary ? joiner.flush() : joiner.add(value)) yield piece;
    queue.own();
  }
  // What is left of a truncated frame is for the decoder to complain of.
  for (const piece of queue.length > 0 ? joiner.add(queue.take(queue.length)) : []) yield piece;
  for (const piece of joiner.flush()) yield piece;
}

/** Copies bytes into pieces of memory of their own. */
function createJoiner() {
  let piece = Buffer.allocUnsafeSlow(joined);
  let filled = 0;
  function* flush(): Generator<Uint8Array, void> {
    if (filled === 0) return;
    const full = piece.subarray(0, filled);
    piece = Buffer.allocUnsafeSlow(joined);
    filled = 0;
    yield full;
  }
  function* add(bytes: Uint8Array): Generator<Uint8Array, void> {
    for (let at = 0; at < bytes.length; ) {
      const part = bytes.subarray(at, at + joined - filled);
      piece.set(part, filled);
      filled += part.length;
      at += part.length;
      if (filled === joined) yield* flush();
    }
  }
  return { add, flush };
}

/** Yields undefined when it needs more bytes. */
function* parse(queue: ByteQueue): Generator<Buffer | typeof boundary | undefined, undefined> {
  for (;;) {
    const start = yield* take(queue, 4);
    const number = start.readUInt32LE();
    if ((number & 0xfffffff0) === skippableMagic) {
      const length = (yield* take(queue, 4)).readUInt32LE();
      for (const data of pass(queue, length)) {
        if (data === undefined) yield undefined;
      }
      continue;
    }
    if (number !== magic) throw malformed("it does not go on with a frame");
    yield start;
    yield* parseFrame(queue);
    yield boundary;
  }
}

function* parseFrame(queue: ByteQueue): Generator<Buffer | undefined, void> {
  const descriptor = yield* take(queue, 1);
  yield descriptor;
  const bits = descriptor[0] as number;
  const isSingle = (bits & 0x20) !== 0;
  const sizeLength = [isSingle ? 1 : 0, 2, 4, 8][bits >> 6] as number;
  const dictionaryLength = [0, 1, 2, 4][bits & 3] as number;
  yield yield* take(queue, (isSingle ? 0 : 1) + dictionaryLength + sizeLength);
  for (let isLast = false; !isLast; ) {
    const block = yield* take(queue, 3);
    yield block;
    const header = block.readUIntLE(0, 3);
    const type = (header >> 1) & 3;
    if (type === 3) throw malformed("a block has an unknown type");
    isLast = (header & 1) === 1;
    // A block of one repeated byte has its length in the header and that byte as its content.
    yield* pass(queue, type === 1 ? 1 : header >> 3);
  }
  if ((bits & 4) !== 0) yield yield* take(queue, 4);
}

function* take(queue: ByteQueue, count: number): Generator<undefined, Buffer> {
  while (queue.length < count) yield undefined;
  return queue.take(count);
}

function* pass(queue: ByteQueue, count: number): Generator<Buffer | undefined, void> {
  for (let left = count; left > 0; ) {
    while (queue.length === 0) yield undefined;
    const data = queue.takeSome(left);
    left -= data.length;
    yield data;
  }
}

function malformed(reason: string) {
  return imageError("COMPRESSION", `cannot unpack a layer: zstd: ${reason}`);
}
