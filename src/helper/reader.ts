import { helperError } from "./errors.ts";

/** Reads little-endian values from an answer of the helper and refuses to read past its end. */
export type Reader = {
  u8(): number;
  u32(): number;
  i32(): number;
  u64(): bigint;
  bytes(count: number): Buffer;
  text(): string;
  rest(): Buffer;
};

/** A reader over one answer. */
export function createReader(buffer: Buffer): Reader {
  let at = 0;
  const take = (count: number): Buffer => {
    if (at + count > buffer.length)
      throw helperError("PROTOCOL", "cannot read the helper's answer: it is too short");
    at += count;
    return buffer.subarray(at - count, at);
  };
  return {
    u8: () => take(1).readUInt8(),
    u32: () => take(4).readUInt32LE(),
    i32: () => take(4).readInt32LE(),
    u64: () => take(8).readBigUInt64LE(),
    bytes: take,
    text() {
      return take(this.u32()).toString("utf8");
    },
    rest: () => take(buffer.length - at),
  };
}
