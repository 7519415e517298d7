import { type Cursor, malformed, skip, skipBlanks, take } from "./cursor.ts";
import type { TomlTable, TomlValue } from "./parse.ts";
import { readString } from "./values.ts";

/** Reads a key with its dots and the blanks behind it: `a."b c".d`. */
export function readKey(cursor: Cursor): string[] {
  const path: string[] = [];
  for (;;) {
    skipBlanks(cursor);
    const next = cursor.text[cursor.at];
    const quoted = next === '"' || next === "'" ? readString(cursor) : undefined;
    const part = quoted ?? take(cursor, /[A-Za-z0-9_-]+/y)?.[0];
    if (part === undefined) throw malformed(cursor, "a key is missing");
    path.push(part);
    skipBlanks(cursor);
    if (!skip(cursor, ".")) return path;
  }
}

/** Gives a key its value; a key has one value only. */
export function assign(
  cursor: Cursor,
  { table, path, value }: { table: TomlTable; path: readonly string[]; value: TomlValue },
): void {
  const parent = descend(cursor, table, path.slice(0, -1));
  const key = path.at(-1) ?? "";
  if (Object.hasOwn(parent, key)) throw malformed(cursor, `${key} has a value already`);
  define(parent, key, value);
}

/** The table at a path, made where it is not there; of an array of tables the last one. */
export function descend(cursor: Cursor, table: TomlTable, path: readonly string[]): TomlTable {
  let current = table;
  for (const key of path) {
    if (!Object.hasOwn(current, key)) define(current, key, {});
    const found = current[key];
    const next = Array.isArray(found) ? found.at(-1) : found;
    if (!isTable(next)) throw malformed(cursor, `${key} is no table`);
    current = next;
  }
  return current;
}

/** A new table at the end of the array of tables at a path. */
export function append(cursor: Cursor, table: TomlTable, path: readonly string[]): TomlTable {
  const parent = descend(cursor, table, path.slice(0, -1));
  const key = path.at(-1) ?? "";
  if (!Object.hasOwn(parent, key)) define(parent, key, []);
  const list = parent[key];
  if (!Array.isArray(list)) throw malformed(cursor, `${key} is no array of tables`);
  const added: TomlTable = {};
  list.push(added);
  return added;
}

function isTable(value: TomlValue | undefined): value is TomlTable {
  return typeof value === "object" && !Array.isArray(value);
}

/** Sets a property of the object itself, whatever its name: `__proto__` is a key like any other. */
function define(table: TomlTable, key: string, value: TomlValue): void {
  Object.defineProperty(table, key, { value, enumerable: true, writable: true, configurable: true });
}
