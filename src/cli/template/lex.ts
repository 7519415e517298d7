import { cliError } from "../errors.ts";

/** A word of an action. */
export type Token =
  | { readonly kind: "literal"; readonly value: string | number }
  | { readonly kind: "name"; readonly text: string }
  /** `.`, `.A.B`, `$`, `$x.A`, `|`, `(`, `)`, `).A`, `,`, `=`, `:=` */
  | { readonly kind: "sign"; readonly text: string };

/** Text as it stands, or the words of one `{{...}}`. */
export type Section = { readonly text: string } | { readonly tokens: readonly Token[] };

const patterns = {
  space: /\s+/y,
  string: /"(?:[^"\\\n]|\\.)*"|`[^`]*`/y,
  number: /[+-]?\d+(?:\.\d+)?/y,
  name: /[A-Za-z_]\w*/y,
  // A chain of fields is one word: `.A.B` is a field of a field, `.A .B` are two values.
  sign: /(?:\.[A-Za-z_]\w*)+|\$\w*(?:\.[A-Za-z_]\w*)*|\)(?:\.[A-Za-z_]\w*)*|:=|[.|(,=]/y,
} as const;

/**
 * Splits a template into text and actions. A dash beside the braces, with a space, eats the white space next to them.
 *
 * @throws CLI_TEMPLATE
 */
export function lexTemplate(template: string): Section[] {
  const sections: Section[] = [];
  let at = 0;
  let eatLeading = false;
  for (;;) {
    const open = template.indexOf("{{", at);
    let text = template.slice(at, open < 0 ? undefined : open);
    if (eatLeading) text = text.trimStart();
    const eatTrailing = open >= 0 && /^-\s/.test(template.slice(open + 2, open + 4));
    if (eatTrailing) text = text.trimEnd();
    if (text !== "") sections.push({ text });
    if (open < 0) return sections;
    const action = lexAction(template, open + 2 + (eatTrailing ? 1 : 0));
    if (action.tokens.length > 0) sections.push({ tokens: action.tokens });
    ({ end: at, eatLeading } = action);
  }
}

function lexAction(template: string, start: number): { tokens: Token[]; end: number; eatLeading: boolean } {
  const tokens: Token[] = [];
  let at = start;
  const comment = /\s*\/\*.*?\*\//sy;
  comment.lastIndex = at;
  if (comment.test(template)) at = comment.lastIndex;
  const take = (pattern: RegExp): string | undefined => {
    pattern.lastIndex = at;
    const found = pattern.exec(template)?.[0];
    at += found?.length ?? 0;
    return found;
  };
  while (at < template.length) {
    if (template.startsWith("}}", at)) return { tokens, end: at + 2, eatLeading: false };
    if (/^\s-\}\}/.test(template.slice(at, at + 4))) return { tokens, end: at + 4, eatLeading: true };
    if (take(patterns.space) !== undefined) continue;
    const token = takeToken(take);
    if (token === undefined) throw templateError(`unexpected "${template.slice(at, at + 10)}" in an action`);
    tokens.push(token);
  }
  throw templateError("an action is not closed by }}");
}

function takeToken(take: (pattern: RegExp) => string | undefined): Token | undefined {
  const quoted = take(patterns.string);
  if (quoted !== undefined) return { kind: "literal", value: unquote(quoted) };
  const number = take(patterns.number);
  if (number !== undefined) return { kind: "literal", value: Number(number) };
  const name = take(patterns.name);
  if (name !== undefined) return { kind: "name", text: name };
  const sign = take(patterns.sign);
  return sign === undefined ? undefined : { kind: "sign", text: sign };
}

const escapes: Readonly<Record<string, string>> = {
  n: "\n",
  t: "\t",
  r: "\r",
  '"': '"',
  "\\": "\\",
  "'": "'",
};

function unquote(quoted: string): string {
  const inner = quoted.slice(1, -1);
  if (quoted.startsWith("`")) return inner;
  return inner.replace(/\\(u[0-9a-fA-F]{4}|x[0-9a-fA-F]{2}|.)/g, (_, code: string) => {
    if (code.length > 1) return String.fromCharCode(Number.parseInt(code.slice(1), 16));
    const plain = escapes[code];
    if (plain === undefined) throw templateError(`unknown escape \\${code}`);
    return plain;
  });
}

/** The error for a template. */
export function templateError(reason: string) {
  return cliError("TEMPLATE", `template parsing error: ${reason}`);
}
