import {
  type At,
  below,
  list,
  type OptionalReader,
  type Reader,
  refine,
  refuse,
  unexpected,
} from "./read.ts";

/** true or false. */
export const boolean: Reader<boolean> = (value, at) => {
  if (typeof value !== "boolean") throw unexpected(at, value, "true or false, without quotes");
  return value;
};

/** Text without NUL, which no system call could take. */
export const text: Reader<string> = (value, at) => {
  if (typeof value !== "string") throw unexpected(at, value, "text in double quotes");
  if (value.includes("\0")) throw refuse(at, "it holds a NUL character", "remove the NUL character");
  return value;
};

/** Text that is not empty. */
export const filledText: Reader<string> = (value, at) => {
  const read = text(value, at);
  if (read === "") throw refuse(at, "it is empty", "give it a value or remove it");
  return read;
};

/** Text of which the empty one means "absent", as Go's `omitempty` has it. */
export const textOrNothing: OptionalReader<string> = (value, at) => text(value, at) || undefined;

/** The same for any reader of text. */
export function orNothing<T>(read: Reader<T>): OptionalReader<T> {
  return (value, at) => (value === "" ? undefined : read(value, at));
}

/** A list of texts. */
export const texts: Reader<readonly string[]> = list(text);

/** A path that begins at the root. */
export const absolutePath: Reader<string> = (value, at) => {
  const read = text(value, at);
  if (!read.startsWith("/")) throw unexpected(at, read, "an absolute path", "begin the path with a slash");
  return read;
};

/** An integer in a range that a double holds exactly. */
export function integer(least: number, most: number): Reader<number> {
  return (value, at) => {
    if (typeof value === "number" && Number.isInteger(value) && value >= least && value <= most) return value;
    throw unexpected(at, value, `an integer from ${least} to ${most}`);
  };
}

const u32 = 0xffffffff;

/** 0 to 4294967295. */
export const uint32: Reader<number> = integer(0, u32);

/** -2147483648 to 2147483647. */
export const int32: Reader<number> = integer(-0x80000000, 0x7fffffff);

/** A user or group id; 4294967295 is "no id" to the kernel. */
export const id: Reader<number> = integer(0, u32 - 1);

/** 0 to 65535. */
export const uint16: Reader<number> = integer(0, 0xffff);

function wide(least: bigint, most: bigint): Reader<bigint> {
  return (value, at) => {
    const read =
      typeof value === "bigint" ? value : Number.isSafeInteger(value) ? BigInt(value as number) : undefined;
    if (read !== undefined && read >= least && read <= most) return read;
    throw unexpected(at, value, `an integer from ${least} to ${most}`);
  };
}

const top = 1n << 64n;

/** 0 to 18446744073709551615. */
export const uint64: Reader<bigint> = wide(0n, top - 1n);

/** -9223372036854775808 to 9223372036854775807. */
export const int64: Reader<bigint> = wide(-top / 2n, top / 2n - 1n);

/** A number of bytes or the like with -1 for "no limit". */
export const limit: Reader<bigint> = wide(-1n, top / 2n - 1n);

/** One of some words. */
export function oneOf<const T extends readonly string[]>(words: T): Reader<T[number]> {
  return (value, at) => {
    if (typeof value === "string" && words.includes(value)) return value;
    throw unexpected(at, value, words.length > 12 ? "a known name" : `one of ${words.join(", ")}`);
  };
}

/** A list such as `0-3,7`, ascending inside each range; spaces around it are cut. */
export const ranges: OptionalReader<string> = refine(text, (value, at) => {
  const trimmed = value.trim();
  if (trimmed === "") return undefined;
  for (const part of trimmed.split(",")) {
    const match = /^\s*(\d{1,9})(?:-(\d{1,9}))?\s*$/.exec(part);
    if (match === null || Number(match[2] ?? match[1]) < Number(match[1])) {
      throw unexpected(at, value, "a list of numbers and ranges such as 0-3,7");
    }
  }
  return trimmed;
});

/** A list as cpuset files take it: also `all`, `N` for the last, and strides such as `0-15:2/4`. Source: bitmap_parselist */
export const kernelRanges: OptionalReader<string> = refine(text, (value, at) => {
  const trimmed = value.trim();
  if (trimmed === "") return undefined;
  if (!/^(?:all|(?:\d+|N)(?:-(?:\d+|N)(?::\d+\/\d+)?)?|[\s,])+$/.test(trimmed)) {
    throw unexpected(at, value, "a list of numbers and ranges such as 0-3,7");
  }
  return trimmed;
});

/** Refuses a list in which a key comes twice. */
export function unique<T>(
  read: Reader<readonly T[]>,
  keyOf: (element: T) => string,
  field: string,
): Reader<readonly T[]> {
  return refine(read, (elements, at) => {
    const seen = new Map<string, number>();
    for (const [index, element] of elements.entries()) {
      const key = keyOf(element);
      const first = seen.get(key);
      if (first !== undefined) throw twice(below(below(at, index), field), key, `${at.pointer}/${first}`);
      seen.set(key, index);
    }
    return elements;
  });
}

function twice(at: At, key: string, first: string) {
  return refuse(at, `${key} is already given at ${first}`, "remove one of the two");
}
