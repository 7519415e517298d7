import type { Time } from "./pieces.ts";
import { tarError } from "./tar-error.ts";

/** The records of an extended header: keys as text, values as bytes, the last of equal keys. */
export type PaxRecords = ReadonlyMap<string, Buffer>;

/**
 * Reads an extended header: records of the form "LENGTH KEY=VALUE\n", LENGTH counting the whole record.
 *
 * Two keys of GNU's oldest sparse format repeat; `onRepeated` gets every record in order.
 * Source: https://pubs.opengroup.org/onlinepubs/9799919799/utilities/pax.html#tag_20_94_13_03
 */
export function parsePax(data: Buffer, onRepeated?: (key: string, value: Buffer) => void): PaxRecords {
  const records = new Map<string, Buffer>();
  for (let at = 0; at < data.length; ) {
    const space = data.indexOf(0x20, at);
    const digits = space < 0 || space - at > 10 ? "" : data.toString("latin1", at, space);
    const length = /^[1-9]\d*$/.test(digits) ? Number(digits) : 0;
    const end = at + length;
    const equals = data.indexOf(0x3d, space + 1);
    const isRecord = end <= data.length && data[end - 1] === 0x0a && equals > space + 1 && equals < end - 1;
    if (!isRecord) {
      // Some writers leave padding inside the length.
      if (data.subarray(at).every((byte) => byte === 0)) break;
      throw tarError("an extended header is malformed");
    }
    const key = data.toString("utf8", space + 1, equals);
    const value = data.subarray(equals + 1, end - 1);
    records.set(key, value);
    onRepeated?.(key, value);
    at = end;
  }
  return records;
}

/** A decimal integer. */
export function parseDecimal(value: Buffer, key: string): number {
  const text = value.toString("latin1");
  const number = /^-?\d{1,20}$/.test(text) ? Number(text) : Number.NaN;
  if (!Number.isSafeInteger(number)) throw tarError(`${key} of an extended header is not a usable number`);
  return number;
}

/** Seconds with a decimal fraction, of which nine digits count; a negative time counts down to the second before. */
export function parseTime(value: Buffer, key: string): Time {
  const match = /^(-?)(\d{1,16})(?:\.(\d*))?$/.exec(value.toString("latin1"));
  if (match === null) throw tarError(`${key} of an extended header is not a time`);
  const [, sign, whole = "", fraction = ""] = match;
  const seconds = Number(whole);
  const nanoseconds = Number(fraction.slice(0, 9).padEnd(9, "0"));
  if (!Number.isSafeInteger(seconds)) throw tarError(`${key} of an extended header is out of range`);
  if (sign === "") return { seconds, nanoseconds };
  return nanoseconds === 0
    ? { seconds: 0 - seconds, nanoseconds }
    : { seconds: -seconds - 1, nanoseconds: 1e9 - nanoseconds };
}

/** One record, its length included in itself. Key and value are byte strings. */
export function formatPaxRecord(key: string, value: string): string {
  const rest = key.length + value.length + 3;
  let length = rest + String(rest).length;
  if (rest + String(length).length > length) length += 1;
  return `${length} ${key}=${value}\n`;
}

/** The shortest exact form of a time. */
export function formatTime({ seconds, nanoseconds }: Time): string {
  if (nanoseconds === 0) return String(seconds);
  const negative = seconds < 0;
  const whole = negative ? -seconds - 1 : seconds;
  const fraction = String(negative ? 1e9 - nanoseconds : nanoseconds).padStart(9, "0");
  return `${negative ? "-" : ""}${whole}.${fraction.replace(/0+$/, "")}`;
}
