const units = ["B", "kB", "MB", "GB", "TB", "PB"];

/**
 * A size in bytes for people, in powers of 1000 as Docker shows it: `4.26MB`.
 *
 * @param digits significant ones
 */
export function humanSize(bytes: number, digits = 3): string {
  const power = bytes < 1000 ? 0 : Math.min(Math.floor(Math.log10(bytes) / 3), units.length - 1);
  const shown = Number((bytes / 1000 ** power).toPrecision(digits));
  // 999.9 kB rounded up is 1 MB.
  return shown >= 1000 && power < units.length - 1 ? `1${units[power + 1]}` : `${shown}${units[power]}`;
}

const binaryUnits = ["B", "KiB", "MiB", "GiB", "TiB", "PiB"];

/** A size in bytes in powers of 1024: `1.944GiB`. */
export function binarySize(bytes: number): string {
  const power = bytes < 1024 ? 0 : Math.min(Math.floor(Math.log2(bytes) / 10), binaryUnits.length - 1);
  return `${Number((bytes / 1024 ** power).toPrecision(4))}${binaryUnits[power]}`;
}
