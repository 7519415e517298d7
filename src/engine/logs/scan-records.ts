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
 * a write) is left out. Records as the monitor writes them, without labels or pieces of lines, are read by position, from
 * their ends, and their escapes are undone in place; all others by a JSON parser, whose result is put back into the bytes.
 *
 * @returns where the first line begins that has no end yet, or where the visitor stopped
 */
export function scanRecords(bytes: Buffer, begin: number, end: number, visit: RecordVisitor): number {
  let at = begin;
  while (at < end) {
    const newline = bytes.indexOf(NEWLINE, at);
    if (newline < 0 || newline >= end) return at;
    const content = at + PREFIX.length;
    const contentEnd = newline + 1 - AFTER_CONTENT;
    const plainEnd = isUsual(bytes, at, contentEnd) ? undoEscapes(bytes, content, contentEnd) : -1;
    const isStderr = bytes[contentEnd + STREAM_LETTER] === LETTER_E;
    const goesOn =
      plainEnd >= 0
        ? visit(content, plainEnd, true, isStderr, contentEnd + TIME)
        : visitUnusual(bytes, at, newline, visit);
    if (!goesOn) return at;
    at = newline + 1;
  }
  return at;
}

/** Whether the line is as it mostly is: everything is where it is expected. */
function isUsual(bytes: Buffer, at: number, contentEnd: number): boolean {
  const letter = bytes[contentEnd + STREAM_LETTER];
  return (
    contentEnd >= at + PREFIX.length &&
    bytes[contentEnd] === BACKSLASH &&
    bytes[contentEnd + 1] === LOWER_N &&
    bytes[contentEnd + 2] === QUOTE &&
    bytes[contentEnd + AFTER_CONTENT - 3] === QUOTE &&
    bytes[contentEnd + TIME_KEY] === LETTER_I &&
    bytes[contentEnd + TIME - 1] === QUOTE &&
    (letter === LETTER_O || letter === LETTER_E) &&
    bytes[at] === PREFIX[0] &&
    bytes[at + PREFIX.length - 1] === QUOTE
  );
}

/** What stands for the byte behind a backslash; 0 for what takes more than a byte to tell. */
const escaped = new Uint8Array(256);
for (const [letter, byte] of Object.entries({
  b: 8,
  t: 9,
  n: 10,
  f: 12,
  r: 13,
  '"': 34,
  "/": 47,
  "\\": 92,
})) {
  escaped[letter.charCodeAt(0)] = byte;
}

/**
 * Puts the text in the place of its JSON form; it takes less room.
 *
 * @returns where it ends; -1 for what is left to a JSON parser, and then nothing is changed
 */
function undoEscapes(bytes: Buffer, begin: number, end: number): number {
  const first = bytes.indexOf(BACKSLASH, begin);
  if (first === end) return end;
  if (!isSimple(bytes, first, end)) return -1;
  let to = first;
  for (let at = first; at < end; at += 1) {
    let byte = bytes[at] ?? 0;
    if (byte === BACKSLASH) {
      at += 1;
      byte = escaped[bytes[at] ?? 0] ?? 0;
    }
    bytes[to] = byte;
    to += 1;
  }
  return to;
}

/** Whether a text has no other escapes than those of one letter, and none that is cut off. */
function isSimple(bytes: Buffer, begin: number, end: number): boolean {
  let at = begin;
  for (; at < end; at += 1) {
    const byte = bytes[at] ?? 0;
    if (byte === QUOTE) return false;
    if (byte !== BACKSLASH) continue;
    at += 1;
    if (escaped[bytes[at] ?? 0] === 0) return false;
  }
  return at === end;
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
