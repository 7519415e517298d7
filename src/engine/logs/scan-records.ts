/**
 * What a visitor gets of a record of a json-file log: places in the scanned bytes, so that nothing is allocated for one.
 * The content has no line end; `endsLine` says whether one belongs behind it. The time is RFC 3339 with nine digits of
 * a second, 30 bytes long, so that times compare as bytes. The visitor may overwrite the bytes before `contentEnd`.
 *
 * @returns false to stop
 */
export type RecordVisitor = (
  contentBegin: number,
  contentEnd: number,
  endsLine: boolean,
  isStderr: boolean,
  timeBegin: number,
) => boolean;

/** Bytes of a record's time. */
export const TIME_LENGTH = 30;

const NEWLINE = 0x0a;
const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const LOWER_N = 0x6e;

const PREFIX = Buffer.from('{"log":"');
/** Places of the usual record, from the end of its content on. */
const STREAM_LETTER = '\\n","stream":"std'.length;
const TIME_KEY = '\\n","stream":"stdout","t'.length;
const TIME = '\\n","stream":"stdout","time":"'.length;
const AFTER_CONTENT = TIME + TIME_LENGTH + '"}\n'.length;
const LETTER_O = 0x6f;
const LETTER_E = 0x65;
const LETTER_I = 0x69;

/**
 * Visits the records in `bytes` from `begin` up to `end`, each a line. A line that is no record (a crash in the middle of
 * a write) is left out. Records as the monitor writes them, without escapes, labels or pieces of lines, are read by
 * position; all others by a JSON parser, whose result is put back into the bytes.
 *
 * @returns where the first line begins that has no end yet, or where the visitor stopped
 */
export function scanRecords(bytes: Buffer, begin: number, end: number, visit: RecordVisitor): number {
  let at = begin;
  while (at < end) {
    const content = at + PREFIX.length;
    const contentEnd = plainEnd(bytes, content, end);
    const next = contentEnd + AFTER_CONTENT;
    if (next <= end && isUsual(bytes, at, contentEnd)) {
      const isStderr = bytes[contentEnd + STREAM_LETTER] === LETTER_E;
      if (!visit(content, contentEnd, true, isStderr, contentEnd + TIME)) return at;
      at = next;
      continue;
    }
    const newline = bytes.indexOf(NEWLINE, at);
    if (newline < 0 || newline >= end) return at;
    if (!visitUnusual(bytes, at, newline, visit)) return at;
    at = newline + 1;
  }
  return at;
}

/** Where the bytes end that stand for themselves in a JSON text. Lines are short: a loop is quicker than a search. */
function plainEnd(bytes: Buffer, begin: number, end: number): number {
  let at = begin;
  while (at < end && bytes[at] !== BACKSLASH && bytes[at] !== QUOTE && bytes[at] !== NEWLINE) at += 1;
  return at;
}

/** Whether the line is as it mostly is: the first escape ends it, and everything is where it is expected. */
function isUsual(bytes: Buffer, at: number, contentEnd: number): boolean {
  const letter = bytes[contentEnd + STREAM_LETTER];
  return (
    bytes[contentEnd] === BACKSLASH &&
    bytes[contentEnd + 1] === LOWER_N &&
    bytes[contentEnd + 2] === QUOTE &&
    bytes[contentEnd + AFTER_CONTENT - 1] === NEWLINE &&
    bytes[contentEnd + AFTER_CONTENT - 3] === QUOTE &&
    bytes[contentEnd + TIME_KEY] === LETTER_I &&
    bytes[contentEnd + TIME - 1] === QUOTE &&
    (letter === LETTER_O || letter === LETTER_E) &&
    bytes[at] === PREFIX[0] &&
    bytes[at + PREFIX.length - 1] === QUOTE
  );
}

/** Decodes a line in its own place: the content, and behind it the time. Both take less room than the JSON did. */
function visitUnusual(bytes: Buffer, begin: number, end: number, visit: RecordVisitor): boolean {
  const record = parseRecord(bytes.toString("utf8", begin, end));
  if (record === undefined) return true;
  const endsLine = record.log.endsWith("\n");
  const content = endsLine ? record.log.slice(0, -1) : record.log;
  const contentEnd = begin + bytes.write(content, begin, end - begin, "utf8");
  bytes.write(record.time, contentEnd, "latin1");
  return visit(begin, contentEnd, endsLine, record.stream === "stderr", contentEnd);
}

type JsonRecord = {
  readonly log: string;
  readonly stream: string;
  readonly time: string;
  readonly attrs?: Readonly<Record<string, string>>;
};

/** A line as JSON; undefined for one that is no record. */
export function parseRecord(line: string): JsonRecord | undefined {
  let value: Partial<JsonRecord> | null;
  try {
    value = JSON.parse(line) as Partial<JsonRecord> | null;
  } catch {
    return undefined;
  }
  const { log, stream, time, attrs } = value ?? {};
  if (typeof log !== "string" || typeof time !== "string" || time.length !== TIME_LENGTH) return undefined;
  return { log, stream: String(stream), time, ...(attrs && { attrs }) };
}
