/**
 * Whether one version of tug comes after another: by its numbers; a version with a tail (`1.0.0-rc.1`) comes before the
 * one without. Source: https://semver.org/spec/v2.0.0.html#spec-item-11, without the order of tails
 */
export function isNewer(version: string, than: string): boolean {
  const [a, b] = [parse(version), parse(than)];
  for (let index = 0; index < 3; index += 1) {
    const difference = (a.numbers[index] ?? 0) - (b.numbers[index] ?? 0);
    if (difference !== 0) return difference > 0;
  }
  return a.tail === "" && b.tail !== "";
}

function parse(version: string): { numbers: number[]; tail: string } {
  const [, numbers = "", tail = ""] = /^(\d+(?:\.\d+)*)(.*)$/.exec(version) ?? [];
  return { numbers: numbers.split(".").map(Number), tail };
}
