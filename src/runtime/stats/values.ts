/** What stands for "no limit" where numbers have 64 bits without a sign. */
const NO_LIMIT = 0xffff_ffff_ffff_ffffn;

/** The number in a file; `max` is the largest one, 0 where there is no number. */
export function numberIn(text: string): bigint {
  const content = text.trim();
  if (content === "max") return NO_LIMIT;
  return /^-?\d+$/.test(content) ? BigInt(content) : 0n;
}

/** `NAME NUMBER` lines. Source: https://docs.kernel.org/admin-guide/cgroup-v2.html#format "flat keyed" */
export function flatKeyed(text: string): Record<string, bigint> {
  return Object.fromEntries(
    text.split("\n").flatMap((line): [string, bigint][] => {
      const [, name, value] = /^(\S+) (\d+)$/.exec(line) ?? [];
      return name === undefined || value === undefined ? [] : [[name, BigInt(value)]];
    }),
  );
}

/** The numbers of a list such as `0-2,7`. Source: cpuset(7) "List format" */
export function rangeList(text: string): number[] {
  return text
    .trim()
    .split(",")
    .flatMap((range) => {
      const [, first, last = first] = /^(\d+)(?:-(\d+))?$/.exec(range) ?? [];
      if (first === undefined) return [];
      return Array.from({ length: Number(last) - Number(first) + 1 }, (_, index) => Number(first) + index);
    });
}

/** Sum of two limits, of which either may be none. */
export function addLimits(a: bigint, b: bigint): bigint {
  return a === NO_LIMIT || b === NO_LIMIT ? NO_LIMIT : a + b;
}
