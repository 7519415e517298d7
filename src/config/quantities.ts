const units: Readonly<Record<string, number>> = {
  B: 1,
  KB: 1e3,
  MB: 1e6,
  GB: 1e9,
  TB: 1e12,
  KIB: 2 ** 10,
  MIB: 2 ** 20,
  GIB: 2 ** 30,
  TIB: 2 ** 40,
};

/** Bytes of a text such as `40GB` (powers of 1000) or `500MiB` (powers of 1024); undefined for another text. */
export function parseSize(text: string): number | undefined {
  const [, number = "", unit = ""] = /^(\d{1,12}(?:\.\d{1,6})?) ?([A-Za-z]{1,3})$/.exec(text) ?? [];
  const factor = Object.hasOwn(units, unit.toUpperCase()) ? units[unit.toUpperCase()] : undefined;
  const bytes = Math.round(Number(number) * (factor ?? Number.NaN));
  return number !== "" && Number.isSafeInteger(bytes) && bytes > 0 ? bytes : undefined;
}

const spans: Readonly<Record<string, number>> = { s: 1e3, m: 60e3, h: 3600e3, d: 86_400e3 };

/** Milliseconds of a text such as `24h` or `7d`; undefined for another text. */
export function parseDuration(text: string): number | undefined {
  const [, number = "", unit = ""] = /^(\d{1,6})([smhd])$/.exec(text) ?? [];
  const span = spans[unit];
  return span === undefined ? undefined : Number(number) * span;
}
