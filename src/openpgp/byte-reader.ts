import { unreadable } from "./errors.ts";

/** Reads bytes from the first to the last. */
export interface ByteReader {
  /** How many are left. */
  readonly left: number;
  /** A number of so many bytes, at most four, the highest first. @throws OPENPGP_FORMAT where there are fewer */
  number(bytes: number): number;
  /** The next bytes. @throws OPENPGP_FORMAT where there are fewer */
  take(count: number): Uint8Array;
  /** All that are left. */
  rest(): Uint8Array;
}

export function byteReader(bytes: Uint8Array): ByteReader {
  let at = 0;
  const take = (count: number): Uint8Array => {
    if (count > bytes.length - at) throw unreadable("it ends too early");
    at += count;
    return bytes.subarray(at - count, at);
  };
  return {
    get left() {
      return bytes.length - at;
    },
    number: (count) => Buffer.from(take(count)).readUIntBE(0, count),
    take,
    rest: () => take(bytes.length - at),
  };
}

/**
 * A number of any length, without its leading zeros.
 * Source: https://www.rfc-editor.org/rfc/rfc9580#section-3.2
 */
export function readMpi(reader: ByteReader): Uint8Array {
  return reader.take(Math.ceil(reader.number(2) / 8));
}

/** Bytes with zeros before them, as many as `length` wants. @throws OPENPGP_FORMAT for more than that */
export function padded(bytes: Uint8Array, length: number): Buffer {
  if (bytes.length > length) throw unreadable(`it has a number of more than ${length} bytes`);
  return Buffer.concat([Buffer.alloc(length - bytes.length), bytes]);
}
