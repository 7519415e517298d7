import { helperError } from "./errors.ts";
import { createReader } from "./reader.ts";

/** The version of everything that docs/monitor-protocol.md describes. */
export const MONITOR_VERSION = 1;

/** A numbered field of a request or of an exit record. */
export type MonitorField = { readonly id: number; readonly value: Uint8Array };

/** u32 length of the rest, u32 version, then per field u16 number, u32 length, value. */
export function encodeFields(fields: readonly MonitorField[]): Buffer {
  const parts = fields.flatMap(({ id, value }) => {
    const head = Buffer.alloc(6);
    head.writeUInt16LE(id);
    head.writeUInt32LE(value.length, 2);
    return [head, value];
  });
  const begin = Buffer.alloc(8);
  begin.writeUInt32LE(4 + parts.reduce((size, part) => size + part.length, 0));
  begin.writeUInt32LE(MONITOR_VERSION, 4);
  return Buffer.concat([begin, ...parts]);
}

/** Takes such a record apart; of a field that stands twice the last counts. */
export function decodeFields(record: Buffer): Map<number, Buffer> {
  const reader = createReader(record);
  const size = reader.u32();
  if (size + 4 !== record.length) {
    throw helperError(
      "PROTOCOL",
      `cannot read a record of a monitor: it has ${record.length} bytes, not ${size + 4}`,
    );
  }
  reader.u32(); // Fields are only ever added: an older or newer version is read the same way.
  const fields = new Map<number, Buffer>();
  for (let left = size - 4; left > 0; ) {
    const head = reader.bytes(6);
    const length = head.readUInt32LE(2);
    fields.set(head.readUInt16LE(), reader.bytes(length));
    left -= 6 + length;
  }
  return fields;
}

/** A field value: u32. */
export function u32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value);
  return bytes;
}

/** A field value: u64. */
export function u64(value: number): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64LE(BigInt(value));
  return bytes;
}
