/** Appends little-endian values to a growing buffer. A value that does not fit throws a RangeError: nothing is cut off. */
export type Writer = {
  readonly size: number;
  u8(value: number): void;
  u16(value: number): void;
  u32(value: number): void;
  u64(value: bigint): void;
  bytes(value: Uint8Array): void;
  /** A u32 length, then the bytes. */
  blob(value: Uint8Array): void;
  /** A u32 length, then the text in UTF-8. */
  text(value: string): void;
  /** Leaves room for a u16 whose value is known later. */
  hole16(): Hole;
  /** Leaves room for a u32 whose value is known later. */
  hole32(): Hole;
  finish(): Uint8Array<ArrayBuffer>;
};

export type Hole = { fill(value: number): void };

/** In bytes; what is written takes 10 to 30 KiB mostly. */
const FIRST_SIZE = 32 * 1024;

/** Of a UTF-16 code unit in UTF-8, in bytes. */
const LONGEST_CHARACTER = 3;

/** A writer whose buffer doubles when it is full. */
export function createWriter(firstSize = FIRST_SIZE): Writer {
  let buffer = Buffer.alloc(firstSize);
  let view = new DataView(buffer.buffer, buffer.byteOffset);
  let size = 0;
  const grow = (needed: number): void => {
    const larger = Buffer.alloc(Math.max(needed, buffer.length * 2));
    larger.set(buffer);
    buffer = larger;
    view = new DataView(buffer.buffer, buffer.byteOffset);
  };
  const reserve = (count: number): number => {
    const at = size;
    size += count;
    if (size > buffer.length) grow(size);
    return at;
  };
  return {
    get size() {
      return size;
    },
    u8(value) {
      checkFit(value === (value & 0xff), value);
      const at = reserve(1);
      view.setUint8(at, value);
    },
    u16(value) {
      checkFit(value === (value & 0xffff), value);
      const at = reserve(2);
      view.setUint16(at, value, true);
    },
    u32(value) {
      checkFit(value === value >>> 0, value);
      const at = reserve(4);
      view.setUint32(at, value, true);
    },
    u64(value) {
      checkFit(value === BigInt.asUintN(64, value), value);
      const at = reserve(8);
      view.setBigUint64(at, value, true);
    },
    bytes(value) {
      const at = reserve(value.length);
      buffer.set(value, at);
    },
    blob(value) {
      this.u32(value.length);
      this.bytes(value);
    },
    text(value) {
      const at = reserve(4 + value.length * LONGEST_CHARACTER);
      const length = buffer.write(value, at + 4);
      view.setUint32(at, length, true);
      size = at + 4 + length;
    },
    hole16() {
      const at = reserve(2);
      return { fill: (value) => view.setUint16(at, value, true) };
    },
    hole32() {
      const at = reserve(4);
      return { fill: (value) => view.setUint32(at, value, true) };
    },
    finish: () => new Uint8Array(buffer.subarray(0, size)),
  };
}

function checkFit(fits: boolean, value: number | bigint): void {
  if (!fits) throw new RangeError(`${value} does not fit into its field of the plan`);
}
