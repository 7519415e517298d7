/**
 * Attributes of netlink messages: a length, a type and a value, padded to 4 bytes; values may be attributes again.
 * Source: include/uapi/linux/netlink.h, struct nlattr. Numbers are in the machine's order, which is little-endian on both
 * architectures that tug runs on, but for those that a protocol wants in network order.
 */
export type Attribute = {
  readonly type: number;
  readonly value: Uint8Array | readonly Attribute[] | DescriptorPlace;
  /** A fixed structure before the attributes of a nested value. */
  readonly header?: Uint8Array;
};

/** A u32 that the helper replaces by the number that a descriptor has there. `slot` is the plan's. */
export type DescriptorPlace = { readonly slot: number };

/** The type says that the value consists of attributes. */
const NESTED = 0x8000;
const TYPE_MASK = 0x3fff;
const HEAD = 4;

/** Builders of attributes. */
export const attribute = {
  bytes: (type: number, value: Uint8Array): Attribute => ({ type, value }),
  u8: (type: number, value: number): Attribute => ({ type, value: Uint8Array.of(value) }),
  u16: (type: number, value: number): Attribute => ({
    type,
    value: number(2, (b) => b.writeUInt16LE(value)),
  }),
  u32: (type: number, value: number): Attribute => ({
    type,
    value: number(4, (b) => b.writeUInt32LE(value)),
  }),
  /** In network order. */
  be16: (type: number, value: number): Attribute => ({
    type,
    value: number(2, (b) => b.writeUInt16BE(value)),
  }),
  /** In network order; negative numbers in two's complement. */
  be32: (type: number, value: number): Attribute => ({
    type,
    value: number(4, (b) => b.writeInt32BE(value | 0)),
  }),
  /** A string with the NUL that ends it. */
  text: (type: number, value: string): Attribute => ({ type, value: Buffer.from(`${value}\0`, "utf8") }),
  nested: (type: number, ...value: readonly Attribute[]): Attribute => ({ type, value }),
  descriptor: (type: number, slot: number): Attribute => ({ type, value: { slot } }),
} as const;

/** A descriptor's place in encoded bytes: the offset of its u32. */
export type EncodedPlace = { readonly offset: number; readonly slot: number };

/** Encoded attributes, one after the other. */
export function encodeAttributes(attributes: readonly Attribute[]): {
  bytes: Buffer;
  places: EncodedPlace[];
} {
  const parts: Buffer[] = [];
  const places: EncodedPlace[] = [];
  let offset = 0;
  for (const { type, value, header } of attributes) {
    const nested = Array.isArray(value);
    const inner = encodeValue(value, header);
    const head = Buffer.alloc(HEAD);
    head.writeUInt16LE(HEAD + inner.bytes.length, 0);
    head.writeUInt16LE(nested ? type | NESTED : type, 2);
    const padding = Buffer.alloc(padded(inner.bytes.length) - inner.bytes.length);
    parts.push(head, inner.bytes, padding);
    places.push(...inner.places.map((place) => ({ ...place, offset: offset + HEAD + place.offset })));
    offset += HEAD + padded(inner.bytes.length);
  }
  return { bytes: Buffer.concat(parts), places };
}

function encodeValue(
  value: Attribute["value"],
  header: Uint8Array = new Uint8Array(0),
): { bytes: Buffer; places: EncodedPlace[] } {
  if (value instanceof Uint8Array) return { bytes: Buffer.from(value), places: [] };
  if ("slot" in value) return { bytes: Buffer.alloc(4), places: [{ offset: 0, slot: value.slot }] };
  const { bytes, places } = encodeAttributes(value);
  return {
    bytes: Buffer.concat([header, bytes]),
    places: places.map((place) => ({ ...place, offset: header.length + place.offset })),
  };
}

/** The values of attributes by type; of several of one type the last. What is cut off at the end is left out. */
export function decodeAttributes(bytes: Buffer): ReadonlyMap<number, Buffer> {
  const found = new Map<number, Buffer>();
  for (let offset = 0; offset + HEAD <= bytes.length; ) {
    const length = bytes.readUInt16LE(offset);
    if (length < HEAD || offset + length > bytes.length) break;
    found.set(bytes.readUInt16LE(offset + 2) & TYPE_MASK, bytes.subarray(offset + HEAD, offset + length));
    offset += padded(length);
  }
  return found;
}

/** The string in a value, without the NUL that ends it. */
export function textOf(value: Buffer | undefined): string | undefined {
  return value?.toString("utf8").split("\0", 1)[0];
}

/** Netlink aligns everything to 4 bytes. */
export function padded(length: number): number {
  return (length + 3) & ~3;
}

function number(size: number, write: (buffer: Buffer) => void): Buffer {
  const buffer = Buffer.alloc(size);
  write(buffer);
  return buffer;
}
