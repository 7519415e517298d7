import { badValue } from "./words.ts";

/** A whole number between two bounds. @throws CLI_VALUE */
export function readInteger(least: number, most: number): (text: string) => number {
  return (text) => {
    const value = /^[+-]?\d{1,16}$/.test(text) ? Number(text) : Number.NaN;
    if (Number.isNaN(value)) throw badValue("it is not a whole number");
    if (value < least || value > most) throw badValue(`it must be between ${least} and ${most}`);
    return value;
  };
}

const units = ["", "k", "m", "g", "t", "p"];

/**
 * A size in bytes: `512`, `100m`, `1.5g`, `64MiB`. Units are powers of 1024 with or without `i` and `b`.
 * Source: https://docs.docker.com/engine/containers/resource_constraints/#limit-a-containers-access-to-memory
 *
 * @throws CLI_VALUE
 */
export function readSize(text: string): number {
  const [, number, unit = ""] = /^(\d{1,15}(?:\.\d{1,9})?) ?([kmgtp]?)(?:i?b)?$/i.exec(text) ?? [];
  if (number === undefined) throw badValue("it is not a size such as 512k, 100m or 1.5g");
  const bytes = Math.floor(Number(number) * 1024 ** units.indexOf(unit.toLowerCase()));
  if (!Number.isSafeInteger(bytes)) throw badValue("it is too large");
  return bytes;
}

/** A size, or -1 for "unlimited". @throws CLI_VALUE */
export function readSwapSize(text: string): number {
  return text === "-1" ? -1 : readSize(text);
}

const NANO = 1_000_000_000n;

/**
 * A number of CPUs such as 1.5 in units of 1/1,000,000,000, which the engine counts in.
 *
 * @throws CLI_VALUE
 */
export function readCpus(text: string): number {
  const [, whole, decimals = ""] = /^(\d{1,5})?(?:\.(\d*))?$/.exec(text) ?? [];
  if (whole === undefined && decimals === "") throw badValue("it is not a number such as 2 or 0.5");
  const significant = decimals.replace(/0+$/, "");
  if (significant.length > 9) throw badValue("it is too precise: nine decimals are the most");
  return Number(BigInt(whole ?? 0) * NANO + BigInt(significant.padEnd(9, "0")));
}

const durations: Readonly<Record<string, number>> = {
  ns: 1,
  us: 1e3,
  µs: 1e3,
  μs: 1e3,
  ms: 1e6,
  s: 1e9,
  m: 60e9,
  h: 3600e9,
};

/**
 * A duration in nanoseconds: `1m30s`, `1.5h`, `300ms`.
 * Source: https://pkg.go.dev/time@go1.24.0#ParseDuration
 *
 * @throws CLI_VALUE
 */
export function readDuration(text: string): number {
  if (text === "0") return 0;
  if (!/^(\d+(\.\d*)?(ns|us|µs|μs|ms|s|m|h))+$/.test(text))
    throw badValue("it is not a duration such as 30s or 1m30s");
  let total = 0;
  for (const [, number, unit = ""] of text.matchAll(/(\d+(?:\.\d*)?)(ns|us|µs|μs|ms|s|m|h)/g)) {
    total += Number(number) * (durations[unit] ?? 0);
  }
  return Math.round(total);
}
