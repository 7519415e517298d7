import { templateError } from "./lex.ts";
import { formatVerbs } from "./printf.ts";
import { isTrue, show } from "./show.ts";

/** A function that templates can call. */
export type TemplateFunction = (...args: unknown[]) => unknown;

/**
 * Docker's functions and the ones of Go's text/template that make sense for a line of output.
 * Source: https://docs.docker.com/engine/cli/formatting/, https://pkg.go.dev/text/template@go1.24.0#hdr-Functions
 */
export const templateFunctions: Readonly<Record<string, TemplateFunction>> = {
  json: (value) => JSON.stringify(value) ?? "null",
  join: (items, separator) => listOf("join", items).map(show).join(textOf("join", separator)),
  split: (text, separator) => textOf("split", text).split(textOf("split", separator)),
  lower: (text) => textOf("lower", text).toLowerCase(),
  upper: (text) => textOf("upper", text).toUpperCase(),
  title: (text) => textOf("title", text).replace(/(?<!\w)[a-z]/g, (letter) => letter.toUpperCase()),
  pad: (text, before, after) => pad(textOf("pad", text), Number(before), Number(after)),
  truncate: (text, length) => textOf("truncate", text).slice(0, Number(length)),
  print: (...values) => values.map(show).join(" "),
  println: (...values) => `${values.map(show).join(" ")}\n`,
  printf: (format, ...values) => formatVerbs(textOf("printf", format), values),
  len: (value) => lengthOf(value),
  index: (value, ...keys) => keys.reduce(elementOf, value),
  not: (value) => !isTrue(value),
  and: (...values) => values.find((value) => !isTrue(value)) ?? values.at(-1),
  or: (...values) => values.find(isTrue) ?? values.at(-1),
  eq: (value, ...others) => others.some((other) => other === value),
  ne: (a, b) => a !== b,
  lt: (a, b) => compare(a, b) < 0,
  le: (a, b) => compare(a, b) <= 0,
  gt: (a, b) => compare(a, b) > 0,
  ge: (a, b) => compare(a, b) >= 0,
};

function textOf(name: string, value: unknown): string {
  if (typeof value === "string") return value;
  throw templateError(`${name} needs a text, not ${show(value)}`);
}

function listOf(name: string, value: unknown): readonly unknown[] {
  if (Array.isArray(value)) return value;
  if (value === undefined || value === null) return [];
  throw templateError(`${name} needs a list, not ${show(value)}`);
}

function pad(text: string, before: number, after: number): string {
  return text === "" ? text : `${" ".repeat(before)}${text}${" ".repeat(after)}`;
}

function lengthOf(value: unknown): number {
  if (typeof value === "string") return Buffer.byteLength(value);
  if (typeof value === "object" && value !== null) return Object.keys(value).length;
  throw templateError(`len needs a text, list or map, not ${show(value)}`);
}

function elementOf(value: unknown, key: unknown): unknown {
  if (typeof value !== "object" || value === null) throw templateError(`cannot index ${show(value)}`);
  if (Array.isArray(value) && !(typeof key === "number" && key in value)) {
    throw templateError(`index out of range: ${show(key)}`);
  }
  return Object.hasOwn(value, key as PropertyKey)
    ? (value as Record<PropertyKey, unknown>)[key as PropertyKey]
    : undefined;
}

function compare(a: unknown, b: unknown): number {
  if (typeof a === "number" && typeof b === "number") return a - b;
  if (typeof a === "string" && typeof b === "string") return a < b ? -1 : Number(a > b);
  throw templateError(`cannot compare ${show(a)} and ${show(b)}`);
}
