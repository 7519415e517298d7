import { type ByteQueue, createByteQueue } from "./byte-queue.ts";
import { blockSize, isZeroBlock, parseHeader, type RawHeader } from "./header.ts";
import { type Extensions, extendFromPax, makeNode, noExtensions } from "./node.ts";
import type { TreePiece } from "./pieces.ts";
import { parseMapBlocks, parseOldSparse, parsePaxSparse, realSize, type SparseMap } from "./sparse.ts";
import { tarError } from "./tar-error.ts";

/** Reads an archive from pieces of any length. Names come as they stand there: they may be absolute or hold "..". */
export interface TarReader {
  /** What a further piece of the archive completes. The piece is of no more use to the reader once all of that is taken. */
  push(chunk: Uint8Array): Generator<TreePiece, void>;
  /**
   * Where in the archive the data of the node begin that was the last to come, in bytes; undefined for a sparse file,
   * whose data are not there in one piece.
   */
  dataAt(): number | undefined;
  /** Checks, after the last piece, that the archive did not end inside a member. */
  end(): void;
}

/** The most that an extended header may have, in bytes: a path, a target and the attributes of a file. */
const maxExtension = 1024 * 1024;

/** The most headers before one member; two to three are usual. */
const maxExtensions = 16;

/** Holes of sparse files are made of this. */
const zeros = Buffer.alloc(64 * 1024);

type State = { queue: ByteQueue; mayEnd: boolean; isSparse: boolean };

/**
 * A reader of tar archives: v7, ustar, PAX with extended attributes, GNU with long names, all of GNU's forms of
 * sparse files, which come expanded. What follows the two zero blocks of the end is ignored.
 *
 * Global extended headers are skipped: containerd and Docker do not apply them, and one layer must mean one tree.
 * @throws TAR_ARCHIVE
 */
export function createTarReader(): TarReader {
  const state: State = { queue: createByteQueue(), mayEnd: true, isSparse: false };
  const parser = parse(state);
  let ended = false;
  let arrived = 0;
  return {
    *push(chunk) {
      if (ended) return;
      state.queue.push(chunk);
      arrived += chunk.length;
      for (;;) {
        const { value, done } = parser.next();
        ended = done === true;
        if (value === undefined) break;
        yield value;
      }
      state.queue.own();
    },
    dataAt: () => (state.isSparse ? undefined : arrived - state.queue.length),
    end() {
      if (!ended && !(state.mayEnd && state.queue.length === 0)) throw tarError("it ends inside a member");
    },
  };
}

/** Everything below yields undefined when it needs more bytes. */
type Parser<T> = Generator<TreePiece | undefined, T>;

function* parse(state: State): Parser<void> {
  let extensions: Extensions = noExtensions;
  for (let count = 0; ; ) {
    state.mayEnd = extensions === noExtensions;
    const block = yield* take(state, blockSize);
    if (isZeroBlock(block)) {
      state.mayEnd = true;
      if (!isZeroBlock(yield* take(state, blockSize))) throw tarError("a member follows a block of zeros");
      return;
    }
    state.mayEnd = false;
    const header = parseHeader(block);
    const next = yield* readExtension(state, header, extensions);
    if (next !== undefined) {
      extensions = next;
      count += 1;
      if (count > maxExtensions) throw tarError("a member has too many extended headers");
      continue;
    }
    yield* readMember(state, header, extensions);
    extensions = noExtensions;
    count = 0;
  }
}

/** The extensions for the next member if the header begins one of theirs, undefined for a member. */
function* readExtension(state: State, header: RawHeader, known: Extensions): Parser<Extensions | undefined> {
  switch (header.type) {
    case "x":
    case "X":
      return extendFromPax(known, yield* takeExtension(state, header));
    case "L":
      return { ...known, name: untilNul(yield* takeExtension(state, header)) };
    case "K":
      return { ...known, link: untilNul(yield* takeExtension(state, header)) };
    case "g":
    case "V":
      yield* takeExtension(state, header);
      return known;
    default:
      return undefined;
  }
}

function* takeExtension(state: State, { size }: RawHeader): Parser<Buffer> {
  if (size < 0 || size > maxExtension) throw tarError(`an extended header has ${size} bytes`);
  const data = yield* take(state, size);
  yield* takePadding(state, size);
  return data;
}

function untilNul(data: Buffer): string {
  const end = data.indexOf(0);
  return data.toString("latin1", 0, end < 0 ? data.length : end);
}

function* readMember(state: State, header: RawHeader, extensions: Extensions): Parser<void> {
  const { node, stored } = makeNode(header, extensions);
  const sparse = yield* readSparseMap(state, header, extensions);
  state.isSparse = sparse !== undefined;
  if (sparse === undefined) {
    yield { kind: "node", node };
    yield* copyData(state, stored);
  } else {
    const { map, used } = sparse;
    const listed = map.segments.reduce((sum, { length }) => sum + length, 0);
    if (listed !== stored - used) throw tarError("the map of a sparse file does not fit its data");
    yield { kind: "node", node: { ...node, size: map.size } };
    yield* expand(state, map);
  }
  yield* takePadding(state, stored);
}

/** The map of a sparse file, and how many of its stored bytes the map took; undefined for any other file. */
function* readSparseMap(
  state: State,
  header: RawHeader,
  { pax, sparseNumbers }: Extensions,
): Parser<{ map: SparseMap; used: number } | undefined> {
  const takeBlock = () => take(state, blockSize);
  if (header.type === "S") return { map: yield* parseOldSparse(header, takeBlock), used: 0 };
  if (pax.get("GNU.sparse.major")?.toString() === "1") return yield* parseMapBlocks(pax, takeBlock);
  if (!pax.has("GNU.sparse.map") && sparseNumbers.length === 0) return undefined;
  return { map: parsePaxSparse(realSize(pax), sparseNumbers), used: 0 };
}

function* expand(state: State, { size, segments }: SparseMap): Parser<void> {
  let position = 0;
  for (const { offset, length } of segments) {
    yield* fill(offset - position);
    yield* copyData(state, length);
    position = offset + length;
  }
  yield* fill(size - position);
}

function* fill(count: number): Parser<void> {
  for (let left = count; left > 0; left -= zeros.length) {
    yield { kind: "data", data: left < zeros.length ? zeros.subarray(0, left) : zeros };
  }
}

function* copyData({ queue }: State, count: number): Parser<void> {
  for (let left = count; left > 0; ) {
    while (queue.length === 0) yield undefined;
    const data = queue.takeSome(left);
    left -= data.length;
    yield { kind: "data", data };
  }
}

function* take({ queue }: State, count: number): Generator<undefined, Buffer> {
  while (queue.length < count) yield undefined;
  return queue.take(count);
}

/** Data fills whole blocks. */
function* takePadding(state: State, size: number): Parser<void> {
  for (let left = (blockSize - (size % blockSize)) % blockSize; left > 0; ) {
    while (state.queue.length === 0) yield undefined;
    left -= state.queue.takeSome(left).length;
  }
}
