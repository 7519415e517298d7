/** Appends little-endian values to a growing buffer. */
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
  /** Leaves room for a u32 whose value is known later. */
  hole32(): { fill(value: number): void };
  finish(): Uint8Array<ArrayBuffer>;
};

/** A writer whose buffer doubles when it is full. */
export function createWriter(): Writer {
  let buffer = Buffer.alloc(4096);
  let size = 0;
  const reserve = (count: number): number => {
    while (size + count > buffer.length) buffer = Buffer.concat([buffer, Buffer.alloc(buffer.length)]);
    size += count;
    return size - count;
  };
  return {
    get size() {
      return size;
    },
    u8(value) {
      const at = reserve(1);
      buffer.writeUInt8(value, at);
    },
    u16(value) {
      const at = reserve(2);
      buffer.writeUInt16LE(value, at);
    },
    u32(value) {
      const at = reserve(4);
      buffer.writeUInt32LE(value, at);
    },
    u64(value) {
      const at = reserve(8);
      buffer.writeBigUInt64LE(value, at);
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
      const length = Buffer.byteLength(value);
      this.u32(length);
      const at = reserve(length);
      buffer.write(value, at);
    },
    hole32() {
      const at = reserve(4);
      return { fill: (value) => void buffer.writeUInt32LE(value, at) };
    },
    finish: () => new Uint8Array(buffer.subarray(0, size)),
  };
}
