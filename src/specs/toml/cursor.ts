import { tomlError } from "./errors.ts";

/** A place in a text that is read from left to right. */
export type Cursor = { readonly text: string; readonly name: string; at: number };

/** The text at the place, as far as a sticky pattern reaches; the place moves behind it. */
export function take(cursor: Cursor, pattern: RegExp): RegExpExecArray | null {
  pattern.lastIndex = cursor.at;
  const match = pattern.exec(cursor.text);
  if (match !== null) cursor.at = pattern.lastIndex;
  return match;
}

/** Whether a text is next; the place moves behind it if it is. */
export function skip(cursor: Cursor, text: string): boolean {
  if (!cursor.text.startsWith(text, cursor.at)) return false;
  cursor.at += text.length;
  return true;
}

/** Moves over blanks within a line. */
export function skipBlanks(cursor: Cursor): void {
  take(cursor, /[ \t]*/y);
}

/** Moves over blanks, comments and ends of lines. */
export function skipLines(cursor: Cursor): void {
  take(cursor, /(?:[ \t\r\n]|#[^\r\n]*)*/y);
}

/** The error for what is at the place. */
export function malformed({ text, name, at }: Cursor, reason: string) {
  const line = text.slice(0, at).split("\n").length;
  return tomlError("SYNTAX", `cannot read ${name}: line ${line}: ${reason}`, {
    hint: "repair the file, or move it away",
    details: { file: name, line },
  });
}
