import { jsonPointer } from "../../base/index.ts";

/** Texts, and the signs that make objects and lists. Numbers and words between them do not matter. */
const token = /"(?:[^"\\]|\\.)*"|[{}[\]:,]/g;

type Level = { readonly keys: Set<string> | undefined; key: string | number };

/**
 * Where a JSON text has a member twice, as a JSON pointer; undefined where it has none. JSON.parse takes the last one and
 * says nothing.
 * @param text that JSON.parse has taken
 */
export function repeatedMember(text: string): string | undefined {
  const levels: Level[] = [];
  let expectsKey = false;
  for (const [found] of text.matchAll(token)) {
    const level = levels.at(-1);
    switch (found) {
      case "{":
        levels.push({ keys: new Set(), key: "" });
        expectsKey = true;
        break;
      case "[":
        levels.push({ keys: undefined, key: 0 });
        break;
      case "}":
      case "]":
        levels.pop();
        expectsKey = false;
        break;
      case ",":
        expectsKey = level?.keys !== undefined;
        if (typeof level?.key === "number") level.key += 1;
        break;
      case ":":
        expectsKey = false;
        break;
      default: {
        if (!expectsKey || level?.keys === undefined) break;
        level.key = JSON.parse(found) as string;
        if (level.keys.has(level.key)) return jsonPointer(levels.map(({ key }) => key));
        level.keys.add(level.key);
      }
    }
  }
  return undefined;
}
