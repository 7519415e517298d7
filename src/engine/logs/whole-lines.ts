import type { LogFiles } from "./log-files.ts";

/** Bytes that begin with a line and end with the end of one. Whoever gets them may keep and change them. */
export type Lines = {
  readonly bytes: Buffer;
  /** Where the last line ends; what is behind it is of no meaning. */
  readonly end: number;
  /** Where in the log the bytes begin. */
  readonly position: number;
};

/** More than the longest record: 16 KB of text, each byte at most six in JSON, and its labels. */
const CHUNK = 256 * 1024;

/**
 * Reads a log from the begin of a line on. What does not end, at the end of a file or in a whole chunk, is left out.
 *
 * @param end where to stop, sooner or a little later
 */
export async function* readLines(files: LogFiles, begin: number, end = files.size): AsyncGenerator<Lines> {
  let bytes = Buffer.allocUnsafe(CHUNK);
  let carried = 0;
  for (let at = begin; at < end; ) {
    const count = await files.read(at, bytes, carried, CHUNK - carried);
    if (count === 0) return;
    const filled = carried + count;
    const whole = bytes.lastIndexOf("\n", filled - 1) + 1;
    const position = at - carried;
    at += count;
    const rest = files.isBoundary(at) || whole === 0 ? 0 : filled - whole;
    const next = Buffer.allocUnsafe(CHUNK);
    bytes.copy(next, 0, filled - rest, filled);
    if (whole > 0) yield { bytes, end: whole, position };
    bytes = next;
    carried = rest;
  }
}

/** The begin of the first line at or after a position. */
export async function lineBegin(files: LogFiles, position: number): Promise<number> {
  const bytes = Buffer.allocUnsafe(CHUNK);
  let at = position;
  while (!files.isBoundary(at)) {
    // The byte before is looked at too: it may end a line.
    const count = await files.read(at - 1, bytes, 0, CHUNK);
    const newline = bytes.subarray(0, count).indexOf("\n");
    if (newline >= 0) return at + newline;
    if (count <= 1) return files.size;
    at += count - 1;
  }
  return at;
}
