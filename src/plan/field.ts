/**
 * The wire types of an op's fields. The encoder, the printer and the generated C header all follow this list.
 *
 * | type | wire form | C member |
 * | --- | --- | --- |
 * | u32, u64 | little-endian | uint32_t, uint64_t |
 * | text, hostPath, rootPath | string without NUL | const char * (never NULL) |
 * | texts | list of strings | struct strings (argv style, NULL-terminated) |
 * | bytes | length and bytes | struct bytes |
 * | numbers | list of u32 | struct numbers |
 * | in, out | fd slot number; 0xffff is "none", legal only where the field is optional | uint16_t |
 * | ins | list of fd slots read | struct slots |
 *
 * `hostPath` is resolved in the caller's file system and is therefore illegal once the root has been switched;
 * `rootPath` is resolved inside the container's root by openat2(RESOLVE_IN_ROOT).
 */
export type FieldType =
  | "u32"
  | "u64"
  | "text"
  | "hostPath"
  | "rootPath"
  | "texts"
  | "bytes"
  | "numbers"
  | "in"
  | "out"
  | "ins";

/** How the printer shows a number: octal, or as names of bits. */
export type NumberForm = "octal" | Readonly<Record<string, number>>;

export type Field = {
  readonly type: FieldType;
  readonly doc: string;
  /** Left out of an op, the field is 0, empty or "no slot". */
  readonly optional?: true;
  readonly form?: NumberForm;
};

/** An fd slot: the number of a place in the helper's table where one op leaves a descriptor for later ops. */
export type Slot = number & { readonly __slot: unique symbol };

/** Wire value of an optional slot that is not given. */
export const NO_SLOT = 0xffff as Slot;

type FieldValues = {
  u32: number;
  u64: bigint;
  text: string;
  hostPath: string;
  rootPath: string;
  texts: readonly string[];
  bytes: Uint8Array;
  numbers: readonly number[];
  in: Slot;
  out: Slot;
  ins: readonly Slot[];
};

type RequiredKeys<F> = { [K in keyof F]: F[K] extends { optional: true } ? never : K }[keyof F];
type OptionalKeys<F> = { [K in keyof F]: F[K] extends { optional: true } ? K : never }[keyof F];

/** The TypeScript value of a set of fields. */
export type ValueOf<F extends Readonly<Record<string, Field>>> = {
  readonly [K in RequiredKeys<F>]: FieldValues[F[K]["type"]];
} & { readonly [K in OptionalKeys<F>]?: FieldValues[F[K]["type"]] | undefined };

type Extra = { optional?: true; form?: NumberForm };

function maker<T extends FieldType>(type: T) {
  return <const E extends Extra>(doc: string, extra?: E): { type: T; doc: string } & E =>
    ({ type, doc, ...extra }) as { type: T; doc: string } & E;
}

/** Builders for the op table: `u32("permission bits", { form: "octal" })`. */
export const field = {
  u32: maker("u32"),
  u64: maker("u64"),
  text: maker("text"),
  hostPath: maker("hostPath"),
  rootPath: maker("rootPath"),
  texts: maker("texts"),
  bytes: maker("bytes"),
  numbers: maker("numbers"),
  in: maker("in"),
  out: maker("out"),
  ins: maker("ins"),
};
