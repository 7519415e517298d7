import { ociCliError } from "./errors.ts";

const units = ["", "k", "m", "g", "t", "p"];

/**
 * Bytes as runc's flags have them: a number with a unit of 1024 such as `64m`, `1.5g`, `64MiB`, or -1 for no limit.
 * Source: https://github.com/docker/go-units/blob/v0.5.0/size.go RAMInBytes
 */
export function bytes(text: string, flag: string): number {
  if (text === "-1") return -1;
  const [, number, unit = ""] = /^(\d+(?:\.\d+)?) ?([kmgtp]?)(?:i?b)?$/i.exec(text) ?? [];
  if (number !== undefined) {
    const value = Math.floor(Number(number) * 1024 ** units.indexOf(unit.toLowerCase()));
    if (Number.isSafeInteger(value)) return value;
  }
  throw ociCliError("FLAG", `invalid value ${JSON.stringify(text)} for flag -${flag}: not a size`);
}
