import { systemdError } from "./errors.ts";
import type { DbusValue, Variant } from "./signature.ts";

const keywords: Readonly<Record<string, string>> = {
  boolean: "b",
  byte: "y",
  int32: "i",
  uint32: "u",
  int64: "x",
  uint64: "t",
  string: "s",
  objectpath: "o",
};

const ranges: Readonly<Record<string, readonly [least: bigint, most: bigint]>> = {
  y: [0n, 255n],
  i: [-(1n << 31n), (1n << 31n) - 1n],
  u: [0n, (1n << 32n) - 1n],
  x: [-(1n << 63n), (1n << 63n) - 1n],
  t: [0n, (1n << 64n) - 1n],
};

const token = /\s*(?:(@a?[a-z])|([a-z][a-z0-9]*)|([+-]?\d+)|('(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*")|([[\],]))/y;

type Tokens = { readonly text: string; at: number };

/**
 * Reads the part of GVariant's text format that properties of units are written in: `true`, `'text'`, `5` (int32),
 * `uint64 5`, `['a', 'b']`, `@as []`.
 *
 * Source: https://docs.gtk.org/glib/gvariant-text-format.html
 * @param name what the text is, for the error
 * @throws SYSTEMD_REFUSED
 */
export function parseVariant(text: string, name: string): Variant {
  const tokens: Tokens = { text, at: 0 };
  try {
    const variant = readValue(tokens, undefined);
    if (text.slice(tokens.at).trim() !== "") throw new SyntaxError(`unexpected text at ${tokens.at}`);
    return variant;
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    throw systemdError("REFUSED", `cannot use ${name}: ${JSON.stringify(text)}: ${error.message}`, {
      hint: "write it as GVariant text, such as true, 'text', uint64 5 or ['a', 'b']",
    });
  }
}

function readValue(tokens: Tokens, expected: string | undefined): Variant {
  const [whole = "", annotation, word, digits, quoted, mark] = next(tokens);
  if (annotation !== undefined) return readValue(tokens, annotation.slice(1));
  if (word === "true" || word === "false") return typed("b", expected, word === "true");
  if (word !== undefined && keywords[word] !== undefined) return readValue(tokens, keywords[word]);
  if (digits !== undefined) return number(BigInt(digits), expected ?? "i");
  if (quoted !== undefined) return typed(expected === "o" ? "o" : "s", expected, unquote(quoted));
  if (mark === "[") return readArray(tokens, expected);
  throw new SyntaxError(`unexpected ${whole.trim()}`);
}

function readArray(tokens: Tokens, expected: string | undefined): Variant {
  if (expected !== undefined && !expected.startsWith("a"))
    throw new SyntaxError(`an array is no ${expected}`);
  let element = expected?.slice(1);
  const values: DbusValue[] = [];
  for (;;) {
    const before = tokens.at;
    const [, , , , , mark] = next(tokens);
    if (mark === "]") break;
    if (mark !== "," || values.length === 0) tokens.at = before;
    const value = readValue(tokens, element);
    element = value.signature;
    values.push(value.value);
  }
  if (element === undefined) throw new SyntaxError("an empty array has no type; write @as []");
  return { signature: `a${element}`, value: values };
}

function next(tokens: Tokens): RegExpExecArray {
  token.lastIndex = tokens.at;
  const found = token.exec(tokens.text);
  if (found === null) throw new SyntaxError(`unexpected text at ${tokens.at}`);
  tokens.at = token.lastIndex;
  return found;
}

function number(value: bigint, signature: string): Variant {
  const [least, most] = ranges[signature] ?? [1n, 0n];
  if (value < least || value > most) throw new SyntaxError(`${value} is no value of type ${signature}`);
  return { signature, value: signature === "x" || signature === "t" ? value : Number(value) };
}

function typed(signature: string, expected: string | undefined, value: DbusValue): Variant {
  if (expected !== undefined && expected !== signature) throw new SyntaxError(`no value of type ${expected}`);
  return { signature, value };
}

function unquote(quoted: string): string {
  return quoted
    .slice(1, -1)
    .replace(/\\(.)/g, (_, character: string) => (character === "n" ? "\n" : character));
}
