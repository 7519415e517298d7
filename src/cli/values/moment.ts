import { readDuration } from "./numbers.ts";
import { badValue } from "./words.ts";

/**
 * A moment as `logs --since` has it: RFC 3339, a date, seconds since 1970, or a duration before now.
 *
 * @returns a function from now, in milliseconds since 1970, to seconds since 1970 with decimals
 * @throws CLI_VALUE
 */
export function readMoment(text: string): (now: number) => string {
  if (/^\d{1,11}(\.\d{1,9})?$/.test(text)) return () => text;
  if (/^\d{4}-\d\d-\d\d/.test(text)) {
    const milliseconds = Date.parse(text.length === 10 ? `${text}T00:00:00` : text);
    if (Number.isNaN(milliseconds)) throw badValue("it is not a moment such as 2026-01-02T15:04:05Z");
    return () => seconds(milliseconds);
  }
  const nanoseconds = readDuration(text);
  return (now) => seconds(now - nanoseconds / 1e6);
}

function seconds(milliseconds: number): string {
  return (milliseconds / 1000).toFixed(3);
}
