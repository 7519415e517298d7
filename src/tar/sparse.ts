import { blockSize, type RawHeader } from "./header.ts";
import { parseNumber } from "./numbers.ts";
import { type PaxRecords, parseDecimal } from "./pax.ts";
import { tarError } from "./tar-error.ts";

/** A part of a file that is in the archive. */
export type Segment = { readonly offset: number; readonly length: number };

/** Where the bytes of a sparse file are; between the segments are holes. */
export type SparseMap = { readonly size: number; readonly segments: readonly Segment[] };

/** Far more than any file has; each costs memory. */
const maxSegments = 1_000_000;

/** Reads blocks of the archive that belong to a map. */
type TakeBlock = () => Generator<undefined, Buffer>;

/**
 * The map of a file of type `S`, whose header, and blocks behind it, list the segments.
 * Source: https://www.gnu.org/software/tar/manual/html_section/Sparse-Formats.html#Old-GNU-Format
 */
export function* parseOldSparse(header: RawHeader, takeBlock: TakeBlock): Generator<undefined, SparseMap> {
  const segments: Segment[] = [];
  const size = parseNumber(header.block.subarray(483, 495), "the size of a sparse file");
  let more = readSegments(header.block, { at: 386, count: 4, flag: 482 }, segments);
  while (more) more = readSegments(yield* takeBlock(), { at: 0, count: 21, flag: 504 }, segments);
  return checkMap({ size, segments });
}

/** Whether another block follows. */
function readSegments(
  block: Buffer,
  { at, count, flag }: { at: number; count: number; flag: number },
  segments: Segment[],
): boolean {
  for (let index = 0; index < count; index += 1) {
    const start = at + index * 24;
    if (block[start] === 0) break;
    const offset = parseNumber(block.subarray(start, start + 12), "the offset of a sparse segment");
    const length = parseNumber(block.subarray(start + 12, start + 24), "the length of a sparse segment");
    segments.push({ offset, length });
    if (segments.length > maxSegments) throw tarError("a sparse file has too many segments");
  }
  return block[flag] !== 0;
}

/**
 * The map that extended headers give in formats 0.0 and 0.1: a list of offsets and lengths.
 * Source: https://www.gnu.org/software/tar/manual/html_section/Sparse-Formats.html#PAX-0
 */
export function parsePaxSparse(size: number, numbers: readonly number[]): SparseMap {
  if (numbers.length % 2 !== 0) throw tarError("the map of a sparse file is malformed");
  const segments = Array.from({ length: numbers.length / 2 }, (_, index) => ({
    offset: numbers[index * 2] as number,
    length: numbers[index * 2 + 1] as number,
  }));
  return checkMap({ size, segments });
}

/** The numbers of format 0.1's GNU.sparse.map. */
export function parseMapRecord(value: Buffer): number[] {
  return value.length === 0 ? [] : value.toString("latin1").split(",").map(decimal);
}

/**
 * The map of format 1.0, which stands before the data: decimal numbers, each ending in a newline, the first of which
 * counts the segments, padded to a block.
 *
 * @returns the map and how many bytes of the member it took
 */
export function* parseMapBlocks(
  records: PaxRecords,
  takeBlock: TakeBlock,
): Generator<undefined, { map: SparseMap; used: number }> {
  const numbers: number[] = [];
  let rest = "";
  for (let used = blockSize; ; used += blockSize) {
    const lines = (rest + (yield* takeBlock()).toString("latin1")).split("\n");
    rest = lines.pop() ?? "";
    for (const line of lines) {
      numbers.push(decimal(line));
      const [count = 0] = numbers;
      if (count > maxSegments) throw tarError("a sparse file has too many segments");
      if (numbers.length > 2 * count) {
        return { map: parsePaxSparse(realSize(records), numbers.slice(1)), used };
      }
    }
    if (rest.length > 20) throw tarError("the map of a sparse file is malformed");
  }
}

/** The size of a sparse file with its holes. */
export function realSize(records: PaxRecords): number {
  const value = records.get("GNU.sparse.realsize") ?? records.get("GNU.sparse.size");
  if (value === undefined) throw tarError("a sparse file has no size");
  return parseDecimal(value, "GNU.sparse.size");
}

function decimal(text: string): number {
  if (!/^\d{1,16}$/.test(text)) throw tarError("the map of a sparse file is malformed");
  return Number(text);
}

/** Segments come in order, do not overlap, and lie inside the file. */
function checkMap(map: SparseMap): SparseMap {
  let end = 0;
  for (const { offset, length } of map.segments) {
    if (offset < end || length < 0 || offset + length > map.size)
      throw tarError("the map of a sparse file is malformed");
    end = offset + length;
  }
  if (!Number.isSafeInteger(map.size) || map.size < 0) throw tarError("a sparse file has no usable size");
  return map;
}
