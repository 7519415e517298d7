/** A value of D-Bus that carries its type with it. */
export type Variant = { readonly signature: string; readonly value: DbusValue };

/** Numbers of up to 32 bits are numbers, those of 64 bits bigints; arrays and structures are arrays. */
export type DbusValue = number | bigint | boolean | string | Variant | readonly DbusValue[];

/** Source: https://dbus.freedesktop.org/doc/dbus-specification.html "Marshaling" */
const alignments: Readonly<Record<string, number>> = {
  y: 1,
  g: 1,
  v: 1,
  n: 2,
  q: 2,
  b: 4,
  i: 4,
  u: 4,
  s: 4,
  o: 4,
  a: 4,
  x: 8,
  t: 8,
  d: 8,
  "(": 8,
  "{": 8,
};

/** The deepest nesting that the specification allows. */
const DEEPEST = 64;

/** The boundary that a value of a type begins at, in bytes. */
export function alignmentOf(type: string): number {
  const alignment = alignments[type[0] ?? ""];
  if (alignment === undefined) throw new RangeError(`no D-Bus type: ${JSON.stringify(type)}`);
  return alignment;
}

/** The single complete types that a signature consists of: `sa(sv)` is `s` and `a(sv)`. */
export function typesOf(signature: string): string[] {
  const types: string[] = [];
  for (let at = 0; at < signature.length; ) {
    const end = endOfType(signature, at, 0);
    types.push(signature.slice(at, end));
    at = end;
  }
  return types;
}

/** The types within a structure or a dictionary's entry. */
export function membersOf(type: string): string[] {
  return typesOf(type.slice(1, -1));
}

function endOfType(signature: string, start: number, depth: number): number {
  const first = signature[start] ?? "";
  if (depth > DEEPEST || alignments[first] === undefined) {
    throw new RangeError(`no D-Bus signature: ${JSON.stringify(signature)}`);
  }
  if (first === "a") return endOfType(signature, start + 1, depth + 1);
  if (first !== "(" && first !== "{") return start + 1;
  const closing = first === "(" ? ")" : "}";
  let at = start + 1;
  while (signature[at] !== closing) at = endOfType(signature, at, depth + 1);
  return at + 1;
}
