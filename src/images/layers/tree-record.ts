import {
  type ByteQueue,
  byteString,
  createByteQueue,
  type Node,
  type NodeType,
  noXattrs,
  quoteBytes,
  type TreePiece,
} from "../../tar/index.ts";
import { imageError } from "../errors.ts";

/*
 * Tree records are how trees of files pass to and from the C helper, which alone opens paths below a root file
 * system. One record is a header and, for a file, its bytes. All numbers are little-endian; a string is a u32 length
 * and so many bytes, not terminated.
 *
 *   u32 length of the header after this field
 *   u8  type: 1 directory, 2 file, 3 symlink, 4 hard link, 5 char device, 6 block device, 7 fifo, 9 end of stream
 *   u8  flags, 0    u16 0
 *   u32 mode (07777)    u32 uid    u32 gid
 *   i64 seconds and u32 nanoseconds of the modification time
 *   u64 size, the bytes of data that follow a type 2
 *   u32 major and u32 minor device number
 *   string path, relative, without "..", "" for the directory itself
 *   string link: target of a symlink, path of the first name of a hard link
 *   u32 count of extended attributes, for each: string name, string value (which may hold zero bytes)
 */

const codes: Readonly<Record<NodeType, number>> = {
  directory: 1,
  file: 2,
  symlink: 3,
  hardLink: 4,
  charDevice: 5,
  blockDevice: 6,
  fifo: 7,
};
const types = new Map(Object.entries(codes).map(([type, code]) => [code, type as NodeType]));
const END = 9;

/** Bytes of a header up to its first string, without the length field. */
const fixedLength = 44;
/** A path, a target, and as many attributes as a file system keeps for one file. */
const maxHeaderLength = 1024 * 1024;

/** The record that ends a stream. */
export const endRecord: Uint8Array = encode(END, {
  type: "file",
  path: "",
  link: "",
  mode: 0,
  uid: 0,
  gid: 0,
  mtime: { seconds: 0, nanoseconds: 0 },
  size: 0,
  major: 0,
  minor: 0,
  xattrs: noXattrs,
});

/** The header of a node's record; the bytes of a file follow it as they are. */
export function encodeTreeRecord(node: Node): Buffer {
  return encode(codes[node.type], node);
}

function encode(code: number, node: Node): Buffer {
  const { path, link, xattrs } = node;
  let length = fixedLength + 4 + path.length + 4 + link.length + 4;
  for (const [name, value] of xattrs) length += 4 + name.length + 4 + value.length;
  const record = Buffer.allocUnsafe(4 + length);
  record.writeUInt32LE(length, 0);
  record.writeUInt32LE(code, 4);
  record.writeUInt32LE(node.mode, 8);
  record.writeUInt32LE(node.uid, 12);
  record.writeUInt32LE(node.gid, 16);
  record.writeBigInt64LE(BigInt(node.mtime.seconds), 20);
  record.writeUInt32LE(node.mtime.nanoseconds, 28);
  record.writeBigUInt64LE(BigInt(node.size), 32);
  record.writeUInt32LE(node.major, 40);
  record.writeUInt32LE(node.minor, 44);
  let at = 48;
  const putBytes = (bytes: Uint8Array) => {
    at = record.writeUInt32LE(bytes.length, at);
    record.set(bytes, at);
    at += bytes.length;
  };
  const putText = (text: string) => {
    at = record.writeUInt32LE(text.length, at);
    at += record.write(text, at, "latin1");
  };
  putText(path);
  putText(link);
  at = record.writeUInt32LE(xattrs.size, at);
  for (const [name, value] of xattrs) {
    putText(name);
    putBytes(value);
  }
  return record;
}

/** Reads records from pieces of any length. */
export interface TreeRecordDecoder {
  /** What a further piece of the stream completes. The piece is of no more use once all of that is taken. */
  push(chunk: Uint8Array): Generator<TreePiece, void>;
  /** Checks, after the last piece, that the stream ended with its end record. */
  end(): void;
}

/**
 * @param options.listing no content follows the sizes of files
 * @throws IMAGE_TREE_RECORD for bytes that are no records, or go on after the end
 */
export function createTreeRecordDecoder({ listing = false } = {}): TreeRecordDecoder {
  const queue = createByteQueue();
  const parser = decode(queue, listing);
  let ended = false;
  return {
    *push(chunk) {
      if (ended && chunk.length > 0) throw malformed("it goes on after its end");
      queue.push(chunk);
      for (;;) {
        const { value, done } = parser.next();
        if (done) {
          ended = true;
          if (queue.length > 0) throw malformed("it goes on after its end");
          return;
        }
        if (value === undefined) break;
        yield value;
      }
      queue.own();
    },
    end() {
      if (!ended) throw malformed("it ends early");
    },
  };
}

/** Yields undefined when it needs more bytes. */
function* decode(queue: ByteQueue, listing: boolean): Generator<TreePiece | undefined, void> {
  for (;;) {
    while (queue.length < 4) yield undefined;
    const length = queue.take(4).readUInt32LE();
    if (length < fixedLength + 12 || length > maxHeaderLength)
      throw malformed(`a header has ${length} bytes`);
    while (queue.length < length) yield undefined;
    const node = decodeHeader(queue.take(length));
    if (node === undefined) return;
    yield { kind: "node", node };
    for (let left = listing ? 0 : node.size; left > 0; ) {
      while (queue.length === 0) yield undefined;
      const data = queue.takeSome(left);
      left -= data.length;
      yield { kind: "data", data };
    }
  }
}

/** The node of a header, undefined for the end of the stream. */
function decodeHeader(header: Buffer): Node | undefined {
  const code = header[0] ?? 0;
  const type = types.get(code);
  if (type === undefined && code !== END) throw malformed(`type ${code} is unknown`);
  const reader = createStringReader(header, fixedLength);
  const path = byteString(reader.string());
  const link = byteString(reader.string());
  const count = reader.number();
  const xattrs = count === 0 ? noXattrs : new Map<string, Uint8Array>();
  for (let index = 0; index < count; index += 1) {
    (xattrs as Map<string, Uint8Array>).set(byteString(reader.string()), reader.string());
  }
  reader.end();
  if (type === undefined) return undefined;
  const size = Number(header.readBigUInt64LE(28));
  if (!Number.isSafeInteger(size) || (size > 0 && type !== "file")) {
    throw malformed(`${quoteBytes(path)} has size ${size}`);
  }
  return {
    type,
    path,
    link,
    mode: header.readUInt32LE(4),
    uid: header.readUInt32LE(8),
    gid: header.readUInt32LE(12),
    mtime: { seconds: Number(header.readBigInt64LE(16)), nanoseconds: header.readUInt32LE(24) },
    size,
    major: header.readUInt32LE(36),
    minor: header.readUInt32LE(40),
    xattrs,
  };
}

function createStringReader(header: Buffer, start: number) {
  let at = start;
  const number = () => {
    if (at + 4 > header.length) throw malformed("a header is too short");
    const value = header.readUInt32LE(at);
    at += 4;
    return value;
  };
  return {
    number,
    string() {
      const length = number();
      if (at + length > header.length) throw malformed("a header is too short");
      at += length;
      return header.subarray(at - length, at);
    },
    end() {
      if (at !== header.length) throw malformed("a header is too long");
    },
  };
}

function malformed(reason: string) {
  return imageError("TREE_RECORD", `cannot read a tree of files: ${reason}`);
}
