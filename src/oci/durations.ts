import { ociCliError } from "./errors.ts";

const milliseconds: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 };

/**
 * Milliseconds of a duration above 0 as Go programs read it: `5s`, `1m30s`, `1.5h`, `200ms`.
 * Source: https://pkg.go.dev/time#ParseDuration
 */
export function duration(text: string, flag: string): number {
  const parts = [...text.matchAll(/(\d+(?:\.\d+)?)(ms|s|m|h)/g)];
  const total = parts.reduce(
    (sum, [, number, unit = ""]) => sum + Number(number) * (milliseconds[unit] ?? 0),
    0,
  );
  if (parts.map(([part]) => part).join("") === text && total >= 1) return total;
  throw ociCliError(
    "FLAG",
    `invalid value ${JSON.stringify(text)} for flag -${flag}: not a duration above 0`,
  );
}
