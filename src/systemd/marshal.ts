import { alignmentOf, type DbusValue, membersOf, typesOf, type Variant } from "./signature.ts";

/** Bytes of a number, and of the length before a text. */
const numbers: Readonly<Record<string, number>> = { y: 1, b: 4, i: 4, u: 4, x: 8, t: 8 };
const texts: Readonly<Record<string, number>> = { g: 1, s: 4, o: 4 };

/**
 * Values as bytes, little-endian, as if the first byte lay at a boundary of 8.
 *
 * Source: https://dbus.freedesktop.org/doc/dbus-specification.html "Marshaling"
 * @throws RangeError for a value that is not of its type
 */
export function marshal(signature: string, values: readonly DbusValue[]): Buffer {
  const bytes: number[] = [];
  const types = typesOf(signature);
  if (types.length !== values.length) throw new RangeError(`${values.length} values for ${signature}`);
  for (const [index, type] of types.entries()) write(bytes, type, values[index] as DbusValue);
  return Buffer.from(bytes);
}

function write(bytes: number[], type: string, value: DbusValue): void {
  align(bytes, alignmentOf(type));
  if (type.startsWith("a")) writeArray(bytes, type.slice(1), value as readonly DbusValue[]);
  else if (type.startsWith("(") || type.startsWith("{")) {
    const members = value as readonly DbusValue[];
    for (const [index, member] of membersOf(type).entries())
      write(bytes, member, members[index] as DbusValue);
  } else if (type === "v") {
    const { signature, value: inner } = value as Variant;
    write(bytes, "g", signature);
    write(bytes, signature, inner);
  } else writeBasic(bytes, type, value);
}

function writeBasic(bytes: number[], type: string, value: DbusValue): void {
  const size = numbers[type];
  const length = texts[type];
  if (size !== undefined) writeNumber(bytes, size, BigInt(value as number | bigint | boolean));
  else if (length !== undefined) writeText(bytes, length, value as string);
  else throw new RangeError(`D-Bus values of type ${type} are not used`);
}

/** The length counts neither itself nor what the first element needs to begin at its boundary. */
function writeArray(bytes: number[], element: string, values: readonly DbusValue[]): void {
  const at = bytes.length;
  writeNumber(bytes, 4, 0n);
  align(bytes, alignmentOf(element));
  const start = bytes.length;
  for (const value of values) write(bytes, element, value);
  const length: number[] = [];
  writeNumber(length, 4, BigInt(bytes.length - start));
  for (const [index, byte] of length.entries()) bytes[at + index] = byte;
}

function writeNumber(bytes: number[], size: number, value: bigint): void {
  const rest = BigInt.asUintN(size * 8, value);
  if (rest !== value && BigInt.asIntN(size * 8, value) !== value) {
    throw new RangeError(`${value} does not fit ${size} bytes`);
  }
  for (let index = 0; index < size; index += 1) bytes.push(Number((rest >> BigInt(index * 8)) & 0xffn));
}

function writeText(bytes: number[], size: number, text: string): void {
  if (text.includes("\0")) throw new RangeError("a text holds a NUL");
  const content = Buffer.from(text);
  writeNumber(bytes, size, BigInt(content.length));
  bytes.push(...content, 0);
}

function align(bytes: number[], boundary: number): void {
  while (bytes.length % boundary !== 0) bytes.push(0);
}
