/** A field of a message by its number; a list is the field several times, undefined none. */
export type Fields = { readonly [number: number]: FieldValue | readonly FieldValue[] | undefined };

export type FieldValue = string | number | boolean | Buffer | Fields;

/** A message as it came: every value of each field, numbers as bigints. */
export type Decoded = ReadonlyMap<number, readonly (bigint | Buffer)[]>;

/** Source: https://protobuf.dev/programming-guides/encoding/ */
export function encode(fields: Fields): Buffer {
  return Buffer.concat(
    Object.entries(fields).flatMap(([number, value]) =>
      value === undefined
        ? []
        : (Array.isArray(value) ? value : [value]).map((each) => encodeField(Number(number), each)),
    ),
  );
}

export function decode(message: Buffer): Decoded {
  const fields = new Map<number, (bigint | Buffer)[]>();
  let at = 0;
  const varint = (): bigint => {
    let value = 0n;
    for (let shift = 0n; ; shift += 7n) {
      const byte = message[at] ?? 0;
      at += 1;
      value |= BigInt(byte & 0x7f) << shift;
      if (byte < 0x80) return value;
    }
  };
  while (at < message.length) {
    const tag = Number(varint());
    const size = tag & 7;
    let value: bigint | Buffer;
    if (size === 0) value = varint();
    else {
      const length = size === 2 ? Number(varint()) : size === 1 ? 8 : 4;
      value = message.subarray(at, at + length);
      at += length;
    }
    fields.set(tag >> 3, [...(fields.get(tag >> 3) ?? []), value]);
  }
  return fields;
}

function encodeField(number: number, value: FieldValue): Buffer {
  if (typeof value === "number" || typeof value === "boolean") {
    return Buffer.concat([varint(number << 3), varint(Number(value))]);
  }
  const content =
    typeof value === "string" ? Buffer.from(value) : Buffer.isBuffer(value) ? value : encode(value);
  return Buffer.concat([varint((number << 3) | 2), varint(content.length), content]);
}

function varint(value: number): Buffer {
  const bytes: number[] = [];
  let rest = BigInt.asUintN(64, BigInt(value));
  do {
    bytes.push(Number(rest & 0x7fn) | (rest > 0x7fn ? 0x80 : 0));
    rest >>= 7n;
  } while (rest > 0n);
  return Buffer.from(bytes);
}
