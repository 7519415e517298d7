import { ociError } from "./errors.ts";
import type { Spec } from "./types.ts";

/** The largest document that is read, in bytes. A configuration with Docker's profile has about 40,000. */
export const MAX_DOCUMENT_SIZE = 16 * 1024 * 1024;

type ParseWithSource = (
  text: string,
  reviver: (key: string, value: unknown, context: { source?: string }) => unknown,
) => unknown;

/**
 * Parses JSON without losing digits: an integer that a double cannot hold exactly becomes a bigint.
 * Limits such as 18446744073709551615 and masks of system call arguments need all 64 bits.
 *
 * @param document name of the document for the error, such as `config.json`
 * @throws OCI_JSON for anything but one JSON value in UTF-8 of at most MAX_DOCUMENT_SIZE bytes
 */
export function parseJson(data: Uint8Array | string, document: string): unknown {
  if (data.length > MAX_DOCUMENT_SIZE) {
    throw ociError("JSON", `cannot read ${document}: larger than ${MAX_DOCUMENT_SIZE} bytes`, {
      hint: "check that it is the file you meant",
    });
  }
  try {
    const text = typeof data === "string" ? data : new TextDecoder("utf-8", { fatal: true }).decode(data);
    // Only a run of 16 digits can be inexact, and the reviver makes parsing several times slower.
    if (!/\d{16}/.test(text)) return JSON.parse(text);
    return (JSON.parse as ParseWithSource)(text, keepDigits);
  } catch (cause) {
    throw ociError("JSON", `cannot read ${document}: ${reasonOf(cause)}`, {
      hint: "the file must hold one JSON object in UTF-8",
      cause,
    });
  }
}

function keepDigits(_key: string, value: unknown, context: { source?: string }): unknown {
  if (typeof value !== "number" || Number.isSafeInteger(value)) return value;
  const { source } = context;
  return source !== undefined && /^-?\d{1,40}$/.test(source) ? BigInt(source) : value;
}

/** The engine's own words, which tell line and column, without the text of the document that it may quote. */
function reasonOf(cause: unknown): string {
  if (cause instanceof SyntaxError) {
    const words = cause.message.replace(/, (\.\.\.)?".*/s, "");
    return `not valid JSON: ${words.charAt(0).toLowerCase()}${words.slice(1)}`;
  }
  return cause instanceof TypeError ? "not valid UTF-8" : "nested too deeply";
}

const { rawJSON } = JSON as unknown as { rawJSON(text: string): unknown };

const printed = new WeakMap<object, string>();

/** Stands for the filter until it is put in; no text of a configuration holds a NUL. */
const FILTER = "\0filter";

/** Writes a configuration as JSON. Its filter, which is most of it, is written once however often it is used. */
export function printSpec(spec: Spec): string {
  const { seccomp, ...linux } = spec.linux ?? {};
  if (seccomp === undefined) return printJson(spec);
  const text = printed.get(seccomp) ?? printJson(seccomp);
  printed.set(seccomp, text);
  const frame = printJson({ ...spec, linux: { ...linux, seccomp: FILTER } });
  return frame.replace(JSON.stringify(FILTER), () => text);
}

/** Writes a value as JSON; a bigint is written as the number it is. */
export function printJson(value: unknown, indent: string | number = 0): string {
  try {
    return JSON.stringify(value, undefined, indent);
  } catch {
    // It has a bigint. Asking a function about every member takes several times as long.
    return JSON.stringify(value, printBigint, indent);
  }
}

function printBigint(_key: string, member: unknown): unknown {
  return typeof member === "bigint" ? rawJSON(member.toString()) : member;
}
