import { type Cursor, malformed, skip, skipBlanks, skipLines, take } from "./cursor.ts";
import { append, assign, descend, readKey } from "./tables.ts";
import { readValue } from "./values.ts";

/** A value of TOML. Moments are texts, as written. */
export type TomlValue = string | number | boolean | TomlValue[] | TomlTable;
export type TomlTable = { [key: string]: TomlValue };

/**
 * Reads a document in TOML.
 *
 * More lenient than the specification where nobody is hurt: tables may be reopened, and moments are not checked.
 * Source: https://toml.io/en/v1.0.0
 * @param name name of the document for errors
 * @throws TOML_SYNTAX with the line
 */
export function parseToml(text: string, name: string): TomlTable {
  const cursor: Cursor = { text, name, at: 0 };
  const root: TomlTable = {};
  let table = root;
  for (;;) {
    skipLines(cursor);
    if (cursor.at === text.length) return root;
    if (skip(cursor, "[[")) {
      const path = readKey(cursor);
      if (!skip(cursor, "]]")) throw malformed(cursor, "the name of a table has no end");
      table = append(cursor, root, path);
    } else if (skip(cursor, "[")) {
      const path = readKey(cursor);
      if (!skip(cursor, "]")) throw malformed(cursor, "the name of a table has no end");
      table = descend(cursor, root, path);
    } else {
      const path = readKey(cursor);
      if (!skip(cursor, "=")) throw malformed(cursor, "a key has no value");
      skipBlanks(cursor);
      assign(cursor, { table, path, value: readValue(cursor) });
    }
    if (take(cursor, /[ \t]*(?:#[^\r\n]*)?(?:\r?\n|$)/y) === null)
      throw malformed(cursor, "something stands behind the end of a value");
  }
}
