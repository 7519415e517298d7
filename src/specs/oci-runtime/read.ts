import { jsonPointer } from "../../base/index.ts";
import { ociError } from "./errors.ts";

/** Something that is accepted but that the user should know. `pointer` is a JSON pointer into the document. */
export type SpecWarning = { pointer: string; message: string };

/** A place in a document that is being read. */
export type At = {
  /** Name of the document, such as `config.json`. */
  readonly document: string;
  /** JSON pointer; empty for the whole document. */
  readonly pointer: string;
  /** Collects what is accepted with a warning, for the whole document. */
  readonly warnings: SpecWarning[];
};

/** Turns a value as it came from JSON into a typed one, or throws OCI_CONFIG. */
export type Reader<T> = (value: unknown, at: At) => T;

/** The place of a member or element. */
export function below(at: At, key: string | number): At {
  return new Place(at, key);
}

/** Few places are ever named, and a configuration has thousands: the pointer is put together when it is asked for. */
class Place implements At {
  readonly document: string;
  readonly warnings: SpecWarning[];
  readonly #above: At;
  readonly #key: string | number;

  constructor(above: At, key: string | number) {
    this.document = above.document;
    this.warnings = above.warnings;
    this.#above = above;
    this.#key = key;
  }

  get pointer(): string {
    return this.#above.pointer + jsonPointer([this.#key]);
  }
}

/**
 * The error for a value that cannot be used.
 *
 * @param reason "expected ..., found ..." or another clause that completes "cannot use PLACE: "
 * @param hint what to do about it
 */
export function refuse(at: At, reason: string, hint: string) {
  const place = `${at.document}#${at.pointer}`;
  return ociError("CONFIG", `cannot use ${place}: ${reason}`, {
    hint,
    details: { document: at.document, pointer: at.pointer },
  });
}

/** The error for a value of the wrong type or outside of its range. */
export function unexpected(at: At, value: unknown, expected: string, hint?: string) {
  return refuse(at, `expected ${expected}, found ${describe(value)}`, hint ?? `make it ${expected}`);
}

/** Names a value for a message, long texts cut. */
export function describe(value: unknown): string {
  if (value === undefined || value === null) return "nothing";
  if (Array.isArray(value)) return value.length === 0 ? "an empty list" : "a list";
  if (typeof value === "object") return "an object";
  if (typeof value !== "string") return `${typeof value} ${value}`;
  return `text ${JSON.stringify(value.length > 60 ? `${value.slice(0, 60)}...` : value)}`;
}

type Member<T> = { read: Reader<T>; kind: "required" | "optional"; fallback?: () => T };

/** A member that must be there. */
export function required<T>(read: Reader<T>): Member<T> {
  return { read, kind: "required" };
}

/** A member that may be absent; `null` counts as absent, as Go's decoder has it. */
export function optional<T>(read: Reader<T>): Member<T> {
  return { read, kind: "optional" };
}

/** A member that has a value even when it is absent. */
export function fallback<T>(read: Reader<T>, value: () => T): Member<T> {
  return { read, kind: "required", fallback: value };
}

/** A reader that may find that a value stands for "absent", such as an empty text. */
export type OptionalReader<T> = Reader<T | undefined>;

type Members<T> = {
  [K in keyof T]-?: Record<never, never> extends Pick<T, K>
    ? Member<Exclude<T[K], undefined>> | Member<Exclude<T[K], undefined> | undefined>
    : Member<T[K]>;
};

/** Reads an object. Every member of the type must be listed; members of the document that are not are ignored. */
export function object<T extends object>(members: Members<T>): Reader<T> {
  const list = Object.entries(members) as [string, Member<unknown>][];
  return (value, at) => {
    const source = plainObject(value, at);
    const result: Record<string, unknown> = {};
    for (const [key, member] of list) {
      const read = readMember(source[key], below(at, key), member);
      if (read !== undefined) result[key] = read;
    }
    return result as T;
  };
}

function readMember<T>(value: unknown, at: At, member: Member<T>): T | undefined {
  if (value !== undefined && value !== null) return member.read(value, at);
  if (member.fallback !== undefined) return member.fallback();
  if (member.kind === "optional") return undefined;
  throw refuse(at, "it is missing", "add it: it is required");
}

function plainObject(value: unknown, at: At): Record<string, unknown> {
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw unexpected(at, value, "an object");
  }
  return value as Record<string, unknown>;
}

/** Reads a list. `null` is no element. */
export function list<T>(element: Reader<T>): Reader<readonly T[]> {
  return (value, at) => {
    if (!Array.isArray(value)) throw unexpected(at, value, "a list");
    return value.map((each, index) => element(each, below(at, index)));
  };
}

/** Reads an object whose keys are names; `checkKey` throws at the place of the entry. */
export function map<T>(
  entry: Reader<T>,
  checkKey: (key: string, at: At) => void,
): Reader<Readonly<Record<string, T>>> {
  return (value, at) =>
    Object.fromEntries(
      Object.entries(plainObject(value, at)).map(([key, each]) => {
        checkKey(key, below(at, key));
        return [key, entry(each, below(at, key))];
      }),
    );
}

/** Reads with one reader, then checks or changes the result with a function that sees its place. */
export function refine<T, U>(read: Reader<T>, next: (value: T, at: At) => U): Reader<U> {
  return (value, at) => next(read(value, at), at);
}
