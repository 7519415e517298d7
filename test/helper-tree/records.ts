/** One tree record; what is not given is 0 or empty. See docs/plan-wire.md, "Tree records". */
export type TreeRecord = {
  readonly type: number;
  readonly path: string;
  readonly mode?: number;
  readonly uid?: number;
  readonly gid?: number;
  /** Modification time in nanoseconds. */
  readonly time?: bigint;
  readonly content?: Uint8Array;
  /** Where the record was read: bytes of content that it announces. */
  readonly size?: number;
  readonly device?: readonly [number, number];
  readonly link?: string;
  readonly xattrs?: Readonly<Record<string, string>>;
};

export const types = { directory: 1, file: 2, symlink: 3, hardLink: 4, char: 5, block: 6, fifo: 7, end: 9 };

const fixedSize = 44;

/** The wire form of records, without an end. */
export function encodeRecords(records: readonly TreeRecord[]): Buffer {
  return Buffer.concat(records.flatMap(encodeRecord));
}

/** The same with the record that ends a stream. */
export function encodeTree(records: readonly TreeRecord[]): Buffer {
  return encodeRecords([...records, { type: types.end, path: "" }]);
}

function encodeRecord(record: TreeRecord): Buffer[] {
  const fixed = Buffer.alloc(fixedSize);
  const time = record.time ?? 0n;
  const content = record.content ?? Buffer.alloc(0);
  fixed.writeUInt8(record.type, 0);
  fixed.writeUInt32LE(record.mode ?? 0o644, 4);
  fixed.writeUInt32LE(record.uid ?? 0, 8);
  fixed.writeUInt32LE(record.gid ?? 0, 12);
  fixed.writeBigInt64LE(time / 1_000_000_000n, 16);
  fixed.writeUInt32LE(Number(time % 1_000_000_000n), 24);
  fixed.writeBigUInt64LE(BigInt(content.length), 28);
  fixed.writeUInt32LE(record.device?.[0] ?? 0, 36);
  fixed.writeUInt32LE(record.device?.[1] ?? 0, 40);
  const xattrs = Object.entries(record.xattrs ?? {});
  const header = Buffer.concat([
    fixed,
    text(record.path),
    text(record.link ?? ""),
    u32(xattrs.length),
    ...xattrs.flatMap(([name, value]) => [text(name), text(value)]),
  ]);
  return [u32(header.length), header, Buffer.from(content)];
}

/**
 * Takes a whole stream apart; fails when there is no end or something behind it. In a listing no content follows a
 * size.
 */
export function decodeTree(stream: Buffer, isListing = false): TreeRecord[] {
  const records: TreeRecord[] = [];
  for (let at = 0; ; ) {
    const length = stream.readUInt32LE(at);
    const header = stream.subarray(at + 4, at + 4 + length);
    at += 4 + length;
    const size = Number(header.readBigUInt64LE(28));
    const content = isListing ? 0 : size;
    const record = { ...decodeHeader(header, stream.subarray(at, at + content)), size };
    at += content;
    if (record.type === types.end) {
      if (at !== stream.length) throw new Error(`${stream.length - at} bytes follow the end`);
      return records;
    }
    records.push(record);
  }
}

function decodeHeader(header: Buffer, content: Buffer): TreeRecord {
  let at = fixedSize;
  const take = (): string => {
    const length = header.readUInt32LE(at);
    at += 4 + length;
    return header.toString("latin1", at - length, at);
  };
  const path = take();
  const link = take();
  const count = header.readUInt32LE(at);
  at += 4;
  const xattrs: Record<string, string> = {};
  for (let index = 0; index < count; index += 1) {
    const name = take();
    xattrs[name] = take();
  }
  if (at !== header.length) throw new Error("a header is longer than its fields");
  return {
    type: header.readUInt8(0),
    mode: header.readUInt32LE(4),
    uid: header.readUInt32LE(8),
    gid: header.readUInt32LE(12),
    time: header.readBigInt64LE(16) * 1_000_000_000n + BigInt(header.readUInt32LE(24)),
    device: [header.readUInt32LE(36), header.readUInt32LE(40)],
    path,
    link,
    content,
    xattrs,
  };
}

function text(value: string): Buffer {
  const bytes = Buffer.from(value, "latin1");
  return Buffer.concat([u32(bytes.length), bytes]);
}

function u32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value);
  return bytes;
}
