import type { Pressure, PressureLine } from "./types.ts";

/** A file of the name *.pressure, as a member to be added; nothing where the kernel has none. */
export function parsePressure(text: string): { psi?: Pressure } {
  const lines = text.split("\n").flatMap((line): [string, PressureLine][] => {
    const [, kind, avg10, avg60, avg300, total] =
      /^(some|full) avg10=([\d.]+) avg60=([\d.]+) avg300=([\d.]+) total=(\d+)$/.exec(line) ?? [];
    if (kind === undefined || total === undefined) return [];
    return [
      [kind, { avg10: Number(avg10), avg60: Number(avg60), avg300: Number(avg300), total: BigInt(total) }],
    ];
  });
  return lines.length === 0 ? {} : { psi: Object.fromEntries(lines) };
}
