/** A version as tags have it, with or without a `v`: its numbers, and what makes it a preliminary one. */
type Version = { readonly numbers: readonly [number, number, number]; readonly preliminary: string };

type Comparison = (version: Version) => boolean;

/**
 * A test for versions from a text such as `>= 3.12.0`, `~1.2`, `^2`, `>=1, <2 || 4.x`. Preliminary versions fit only a
 * test that names one. What is no version never fits.
 *
 * Source: https://semver.org/spec/v2.0.0.html, https://github.com/Masterminds/semver/tree/v3.4.0#checking-version-constraints
 * @returns undefined for a text that is no such test
 */
export function parseVersionTest(text: string): ((tag: string) => boolean) | undefined {
  const alternatives = text.split("||").map((part) => {
    const words = part.match(/(?:[<>=!]=?|[~^])?\s*v?[\dxX*][\w.*+-]*/g) ?? [];
    const rest = words.reduce((left, word) => left.replace(word, ""), part).replace(/[\s,]/g, "");
    return words.length === 0 || rest !== "" ? [undefined] : words.map(parseComparison);
  });
  if (alternatives.flat().includes(undefined)) return undefined;
  const preliminary = /\d-/.test(text);
  return (tag) => {
    const version = parseVersion(tag);
    if (version === undefined || (version.preliminary !== "" && !preliminary)) return false;
    return (alternatives as Comparison[][]).some((all) => all.every((fits) => fits(version)));
  };
}

function parseVersion(text: string): Version | undefined {
  const [, major, minor = "0", patch = "0", preliminary = ""] =
    /^v?(\d+)(?:\.(\d+))?(?:\.(\d+))?(?:-([\w.-]+))?(?:\+[\w.-]+)?$/.exec(text) ?? [];
  if (major === undefined) return undefined;
  return { numbers: [Number(major), Number(minor), Number(patch)], preliminary };
}

function parseComparison(word: string): Comparison | undefined {
  const [, sign = "", text = ""] = /^([<>=!]=?|[~^])?\s*(.*)$/.exec(word) ?? [];
  const parts = text.replace(/^v/, "").split(/[.+-]/);
  const wild = parts.slice(0, 3).findIndex((part) => /^[xX*]$/.test(part));
  const given = wild >= 0 ? wild : Math.min(parts.length, 3);
  const version = parseVersion(text.replace(/(?:^|\.)[xX*].*$/, "") || "0");
  if (version === undefined) return undefined;
  // A version that is not written out stands for all that begin like it.
  const end = above(
    version,
    sign === "^" ? caretPlace(version) : Math.max(given - (sign === "~" && given > 2 ? 2 : 1), 0),
  );
  const isWithin: Comparison = (other) =>
    given === 0 || (compare(other, version) >= 0 && compare(other, end) < 0);
  switch (sign) {
    case ">":
      return (other) => (given < 3 ? compare(other, end) >= 0 : compare(other, version) > 0);
    case ">=":
      return (other) => compare(other, version) >= 0;
    case "<":
      return (other) => compare(other, version) < 0;
    case "<=":
      return (other) => (given < 3 ? compare(other, end) < 0 : compare(other, version) <= 0);
    case "!=":
      return (other) => (given < 3 ? !isWithin(other) : compare(other, version) !== 0);
    case "~":
    case "^":
      return isWithin;
    case "":
    case "=":
      return given < 3 ? isWithin : (other) => compare(other, version) === 0;
    default:
      return undefined;
  }
}

/** The first number that is not zero, below which everything may change. */
function caretPlace({ numbers }: Version): number {
  const place = numbers.findIndex((number) => number > 0);
  return place < 0 ? 2 : place;
}

/** The first version that differs from another one at a place. */
function above({ numbers }: Version, place: number): Version {
  const raised = numbers.map((number, index) => (index < place ? number : index === place ? number + 1 : 0));
  return { numbers: raised as unknown as Version["numbers"], preliminary: "0" };
}

function compare(a: Version, b: Version): number {
  for (const [index, number] of a.numbers.entries()) {
    const difference = number - (b.numbers[index] ?? 0);
    if (difference !== 0) return difference;
  }
  if (a.preliminary === b.preliminary) return 0;
  if (a.preliminary === "" || b.preliminary === "") return a.preliminary === "" ? 1 : -1;
  return comparePreliminary(a.preliminary.split("."), b.preliminary.split("."));
}

function comparePreliminary(a: readonly string[], b: readonly string[]): number {
  for (const [index, part] of a.entries()) {
    const other = b[index];
    if (other === undefined) return 1;
    if (part === other) continue;
    const [left, right] = [/^\d+$/.test(part), /^\d+$/.test(other)];
    if (left && right) return Number(part) - Number(other);
    return left === right ? (part < other ? -1 : 1) : left ? -1 : 1;
  }
  return a.length < b.length ? -1 : 0;
}
