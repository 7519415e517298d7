import { tarError } from "./tar-error.ts";

/**
 * A number of a header: octal digits that end at a space or NUL, or, where the first bit is set, a big-endian number
 * in two's complement (GNU's base 256). An empty field is 0.
 *
 * Source: https://pubs.opengroup.org/onlinepubs/9799919799/utilities/pax.html#tag_20_94_13_06 and GNU tar's
 * src/list.c, from_header
 * @param what name of the field, for the error
 */
export function parseNumber(field: Buffer, what: string): number {
  const first = field[0] ?? 0;
  if ((first & 0x80) !== 0) return parseBase256(field, what);
  let at = 0;
  while (at < field.length && (field[at] === 0x20 || field[at] === 0)) at += 1;
  let value = 0;
  for (; at < field.length; at += 1) {
    const digit = field[at] as number;
    if (digit === 0x20 || digit === 0) break;
    if (digit < 0x30 || digit > 0x37) throw tarError(`${what} of a header is not octal`);
    value = value * 8 + (digit - 0x30);
  }
  return checked(value, what);
}

function parseBase256(field: Buffer, what: string): number {
  const negative = ((field[0] as number) & 0x40) !== 0;
  let value = BigInt(negative ? ~0x7f : 0) | BigInt((field[0] as number) & 0x7f);
  for (const byte of field.subarray(1)) value = (value << 8n) | BigInt(byte);
  return checked(Number(value), what);
}

function checked(value: number, what: string): number {
  if (!Number.isSafeInteger(value)) throw tarError(`${what} of a header is out of range`);
  return value;
}

/** Digits and a final NUL in a field of `length` bytes, or undefined when the value does not fit. */
export function formatOctal(value: number, length: number): string | undefined {
  if (!Number.isSafeInteger(value) || value < 0) return undefined;
  const digits = value.toString(8).padStart(length - 1, "0");
  return digits.length < length ? `${digits}\0` : undefined;
}
