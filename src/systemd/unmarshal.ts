import { alignmentOf, type DbusValue, membersOf, typesOf } from "./signature.ts";

/** Where reading goes on, and how deep variants are nested. */
type Cursor = { readonly bytes: Buffer; at: number; depth: number };

const DEEPEST = 16;

/**
 * Values from bytes, little-endian, of which the first lies at a boundary of 8. What follows the last value is left.
 *
 * Source: https://dbus.freedesktop.org/doc/dbus-specification.html "Marshaling"
 * @throws RangeError for bytes that do not hold such values
 */
export function unmarshal(signature: string, bytes: Buffer): DbusValue[] {
  const cursor: Cursor = { bytes, at: 0, depth: 0 };
  return typesOf(signature).map((type) => read(cursor, type));
}

function read(cursor: Cursor, type: string): DbusValue {
  align(cursor, alignmentOf(type));
  if (type.startsWith("a")) return readArray(cursor, type.slice(1));
  if (type.startsWith("(") || type.startsWith("{"))
    return membersOf(type).map((member) => read(cursor, member));
  switch (type) {
    case "y":
      return take(cursor, 1).readUInt8();
    case "b":
      return take(cursor, 4).readUInt32LE() !== 0;
    case "n":
      return take(cursor, 2).readInt16LE();
    case "q":
      return take(cursor, 2).readUInt16LE();
    case "i":
      return take(cursor, 4).readInt32LE();
    case "u":
      return take(cursor, 4).readUInt32LE();
    case "x":
      return take(cursor, 8).readBigInt64LE();
    case "t":
      return take(cursor, 8).readBigUInt64LE();
    case "d":
      return take(cursor, 8).readDoubleLE();
    case "v":
      return readVariant(cursor);
    case "g":
      return readText(cursor, take(cursor, 1).readUInt8());
    default:
      return readText(cursor, take(cursor, 4).readUInt32LE());
  }
}

function readVariant(cursor: Cursor): DbusValue {
  cursor.depth += 1;
  if (cursor.depth > DEEPEST) throw new RangeError("variants are nested too deeply");
  const signature = readText(cursor, take(cursor, 1).readUInt8());
  const [type, ...more] = typesOf(signature);
  if (type === undefined || more.length > 0) throw new RangeError("a variant holds one value");
  const value = read(cursor, type);
  cursor.depth -= 1;
  return { signature, value };
}

function readArray(cursor: Cursor, element: string): DbusValue[] {
  const length = take(cursor, 4).readUInt32LE();
  align(cursor, alignmentOf(element));
  const end = cursor.at + length;
  if (end > cursor.bytes.length) throw new RangeError("an array ends beyond its message");
  const values: DbusValue[] = [];
  while (cursor.at < end) values.push(read(cursor, element));
  if (cursor.at !== end) throw new RangeError("an array's last element ends beyond it");
  return values;
}

function readText(cursor: Cursor, length: number): string {
  const text = take(cursor, length).toString();
  take(cursor, 1);
  return text;
}

function take(cursor: Cursor, size: number): Buffer {
  const end = cursor.at + size;
  if (end > cursor.bytes.length) throw new RangeError("a value ends beyond its message");
  const taken = cursor.bytes.subarray(cursor.at, end);
  cursor.at = end;
  return taken;
}

function align(cursor: Cursor, boundary: number): void {
  cursor.at = Math.ceil(cursor.at / boundary) * boundary;
}
