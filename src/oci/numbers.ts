import { ociCliError } from "./errors.ts";

/** The value of a flag that is a whole number from 0 on; undefined where it was not given. */
export function wholeNumber(text: string | undefined, flag: string): number | undefined {
  if (text === undefined) return undefined;
  if (/^\d{1,10}$/.test(text)) return Number(text);
  throw ociCliError("FLAG", `invalid value ${JSON.stringify(text)} for flag -${flag}: not a number`);
}
