import { type Cursor, malformed, skip, skipBlanks, skipLines, take } from "./cursor.ts";
import type { TomlTable, TomlValue } from "./parse.ts";
import { assign, readKey } from "./tables.ts";

/** Arrays and tables inside one another are read this deep. */
const maxDepth = 32;

/** Reads the value at the place. */
export function readValue(cursor: Cursor, depth = 0): TomlValue {
  if (depth > maxDepth) throw malformed(cursor, "values are nested too deeply");
  const next = cursor.text[cursor.at];
  if (next === '"' || next === "'") return readString(cursor);
  if (next === "[") return readArray(cursor, depth);
  if (next === "{") return readInlineTable(cursor, depth);
  return readBare(cursor);
}

const escapes: Readonly<Record<string, string>> = {
  b: "\b",
  t: "\t",
  n: "\n",
  f: "\f",
  r: "\r",
  '"': '"',
  "\\": "\\",
};

/** Reads a string of any of the four kinds. */
export function readString(cursor: Cursor): string {
  if (skip(cursor, "'''")) return readUntil(cursor, /\n?((?:(?!''')[\s\S])*'{0,2})'''/y);
  if (skip(cursor, "'")) return readUntil(cursor, /([^'\r\n]*)'/y);
  if (skip(cursor, '"""')) {
    const raw = readUntil(cursor, /\r?\n?((?:\\[\s\S]|(?!""")[^\\])*"{0,2})"""/y);
    return withoutEscapes(cursor, raw.replace(/\\[ \t]*\r?\n[ \t\r\n]*/g, ""));
  }
  skip(cursor, '"');
  return withoutEscapes(cursor, readUntil(cursor, /((?:\\[^\r\n]|[^"\\\r\n])*)"/y));
}

function readUntil(cursor: Cursor, pattern: RegExp): string {
  const match = take(cursor, pattern);
  if (match === null) throw malformed(cursor, "a string has no end");
  return match[1] ?? "";
}

function withoutEscapes(cursor: Cursor, raw: string): string {
  return raw.replace(/\\(u[0-9a-fA-F]{4}|U[0-9a-fA-F]{8}|[\s\S])/g, (_, code: string) => {
    const simple = escapes[code];
    if (simple !== undefined) return simple;
    const point = code.length > 1 ? Number.parseInt(code.slice(1), 16) : Number.NaN;
    if (Number.isNaN(point) || point > 0x10ffff) throw malformed(cursor, `\\${code} is no escape`);
    return String.fromCodePoint(point);
  });
}

/** Words, numbers and moments; the latter stay texts, which nothing here reads. */
function readBare(cursor: Cursor): TomlValue {
  const start = cursor.at;
  const word = take(cursor, /\d{4}-\d{2}-\d{2} [0-9:.Z+-]+|[0-9A-Za-z+\-_.:]+/y)?.[0] ?? "";
  if (word === "true" || word === "false") return word === "true";
  if (/^[+-]?(?:0|[1-9](?:_?[0-9])*)$/.test(word)) return Number(word.replaceAll("_", ""));
  if (/^0(?:x[0-9a-fA-F_]+|o[0-7_]+|b[01_]+)$/.test(word)) return Number(word.replaceAll("_", ""));
  if (/^[+-]?(?:[0-9][0-9_]*)(?:\.[0-9][0-9_]*)?(?:[eE][+-]?[0-9]+)?$/.test(word)) {
    return Number(word.replaceAll("_", ""));
  }
  if (/^[+-]?(?:inf|nan)$/.test(word)) return Number(word.replace("inf", "Infinity").replace("nan", "NaN"));
  if (/^[0-9]{2,4}[-:][0-9]{2}/.test(word)) return word;
  cursor.at = start;
  throw malformed(cursor, "a value is missing, or a string without quotes");
}

function readArray(cursor: Cursor, depth: number): TomlValue[] {
  skip(cursor, "[");
  const values: TomlValue[] = [];
  for (;;) {
    skipLines(cursor);
    if (skip(cursor, "]")) return values;
    values.push(readValue(cursor, depth + 1));
    skipLines(cursor);
    if (!skip(cursor, ",") && cursor.text[cursor.at] !== "]")
      throw malformed(cursor, "an array has no end, or lacks a comma");
  }
}

function readInlineTable(cursor: Cursor, depth: number): TomlTable {
  skip(cursor, "{");
  const table: TomlTable = {};
  for (;;) {
    skipBlanks(cursor);
    if (skip(cursor, "}")) return table;
    const path = readKey(cursor);
    if (!skip(cursor, "=")) throw malformed(cursor, "a key has no value");
    skipBlanks(cursor);
    assign(cursor, { table, path, value: readValue(cursor, depth + 1) });
    skipBlanks(cursor);
    if (!skip(cursor, ",") && cursor.text[cursor.at] !== "}")
      throw malformed(cursor, "a table has no end, or lacks a comma");
  }
}
