/** A place in a text; both count from 1, columns in UTF-16 units. */
export type TextPlace = { readonly line: number; readonly column: number };

/** One token after blanks: punctuation, a text, or another value that stands for itself. */
const token =
  /[ \t\n\r]*(?:(?<mark>[{}[\],:])|(?<text>"(?:[^"\\\p{Cc}]|[\x7f-\x9f]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*")|(?:-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?|true|false|null))/uy;
const blanks = /[ \t\n\r]*/y;

/** What may come next: a value, one or the end of an array, a name, one or the end of an object, and so on. */
type Next = "value" | "valueOrEnd" | "name" | "nameOrEnd" | "colon" | "more";

/**
 * The first place where a text stops being JSON, undefined where it is JSON. It quotes nothing of the text, as the words of the
 * language's own parser do.
 *
 * Source: https://www.rfc-editor.org/rfc/rfc8259#section-2
 */
export function findJsonFault(source: string): TextPlace | undefined {
  const open: ("{" | "[")[] = [];
  let next: Next = "value";
  let at = 0;
  for (;;) {
    const begin = skipBlanks(source, at);
    if (next === "more" && open.length === 0)
      return begin === source.length ? undefined : placeOf(source, begin);
    token.lastIndex = at;
    const found = token.exec(source);
    const after: Next | undefined = found === null ? undefined : step(next, found, open);
    if (after === undefined) return placeOf(source, begin);
    next = after;
    at = token.lastIndex;
  }
}

/** What may come after a token, undefined where it must not be there. `open` are the arrays and objects around. */
function step(
  next: Next,
  { groups: { mark, text } = {} }: RegExpExecArray,
  open: ("{" | "[")[],
): Next | undefined {
  const innermost = open.at(-1);
  if (mark === "}" || mark === "]") {
    const isEnd = next === "more" || next === (mark === "}" ? "nameOrEnd" : "valueOrEnd");
    if (!isEnd || innermost !== (mark === "}" ? "{" : "[")) return undefined;
    open.pop();
    return "more";
  }
  if (mark === ",") return next !== "more" ? undefined : innermost === "{" ? "name" : "value";
  if (mark === ":") return next === "colon" ? "value" : undefined;
  if (next === "name" || next === "nameOrEnd") return text === undefined ? undefined : "colon";
  if (next !== "value" && next !== "valueOrEnd") return undefined;
  if (mark === undefined) return "more";
  open.push(mark as "{" | "[");
  return mark === "{" ? "nameOrEnd" : "valueOrEnd";
}

function skipBlanks(source: string, at: number): number {
  blanks.lastIndex = at;
  blanks.exec(source);
  return blanks.lastIndex;
}

function placeOf(source: string, at: number): TextPlace {
  const lines = source.slice(0, at).split("\n");
  return { line: lines.length, column: (lines.at(-1)?.length ?? 0) + 1 };
}
