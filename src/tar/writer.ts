import type { ByteString } from "./bytes.ts";
import { blockSize } from "./header.ts";
import { formatOctal } from "./numbers.ts";
import { formatPaxRecord, formatTime } from "./pax.ts";
import type { Node, NodeType, TreePiece } from "./pieces.ts";

const flags: Readonly<Record<NodeType, string>> = {
  file: "0",
  hardLink: "1",
  symlink: "2",
  charDevice: "3",
  blockDevice: "4",
  directory: "5",
  fifo: "6",
};

/** What one member's header says besides its node. */
type Fields = { name: ByteString; prefix: ByteString; flag: string; size: number };

/**
 * Turns the pieces of a tree into the bytes of an archive. The same pieces always make the same bytes: ustar, with a
 * PAX header before a member that ustar cannot express.
 */
export interface TarWriter {
  add(piece: TreePiece): Uint8Array[];
  /** The end of the archive. */
  end(): Uint8Array;
}

export function createTarWriter(): TarWriter {
  let padding: Buffer | undefined;
  let left = 0;
  return {
    add(piece) {
      if (piece.kind === "node") {
        const { node } = piece;
        left = node.size;
        padding = paddingFor(node.size);
        return [formatMember(node)];
      }
      left -= piece.data.length;
      return left === 0 && padding !== undefined ? [piece.data, padding] : [piece.data];
    },
    end: () => Buffer.alloc(2 * blockSize),
  };
}

/** A tree as an archive. */
export async function* writeTar(
  pieces: AsyncIterable<TreePiece> | Iterable<TreePiece>,
): AsyncGenerator<Uint8Array> {
  const writer = createTarWriter();
  for await (const piece of pieces) for (const bytes of writer.add(piece)) yield bytes;
  yield writer.end();
}

function paddingFor(size: number): Buffer | undefined {
  const rest = size % blockSize;
  return rest === 0 ? undefined : Buffer.alloc(blockSize - rest);
}

/** The header blocks of a member. */
function formatMember(node: Node): Buffer {
  const path = node.path === "" ? "." : node.path;
  const name = node.type === "directory" ? `${path}/` : path;
  const split = splitName(name);
  const records = paxRecords(node, name, split !== undefined);
  const fields = {
    ...(split ?? { name: ascii(name, 100), prefix: "" }),
    flag: flags[node.type],
    size: node.size,
  };
  const header = formatHeader(node, fields);
  if (records.size === 0) return header;
  const keys = [...records.keys()].sort();
  const data = Buffer.from(
    keys.map((key) => formatPaxRecord(key, records.get(key) ?? "")).join(""),
    "latin1",
  );
  const base = ascii(path.slice(path.lastIndexOf("/") + 1), 80);
  const paxFields = { name: `PaxHeaders.0/${base}`, prefix: "", flag: "x", size: data.length };
  const paxHeader = formatHeader(
    { ...node, mode: 0o644, uid: 0, gid: 0, link: "", major: 0, minor: 0 },
    paxFields,
  );
  return Buffer.concat([paxHeader, data, paddingFor(data.length) ?? Buffer.alloc(0), header]);
}

/** What ustar cannot say, as keys and values of a PAX header. */
function paxRecords(node: Node, name: ByteString, nameFits: boolean): Map<ByteString, ByteString> {
  const records = new Map<ByteString, ByteString>();
  if (!nameFits) records.set("path", name);
  if (node.link.length > 100 || !isAscii(node.link)) records.set("linkpath", node.link);
  if (formatOctal(node.size, 12) === undefined) records.set("size", String(node.size));
  if (formatOctal(node.uid, 8) === undefined) records.set("uid", String(node.uid));
  if (formatOctal(node.gid, 8) === undefined) records.set("gid", String(node.gid));
  const { seconds, nanoseconds } = node.mtime;
  if (nanoseconds !== 0 || formatOctal(seconds, 12) === undefined)
    records.set("mtime", formatTime(node.mtime));
  for (const [key, value] of node.xattrs) {
    records.set(`SCHILY.xattr.${key}`, Buffer.from(value).toString("latin1"));
  }
  return records;
}

function formatHeader(node: Node, { name, prefix, flag, size }: Fields): Buffer {
  const block = Buffer.alloc(blockSize);
  const put = (text: string, at: number) => block.write(text, at, "latin1");
  const octal = (value: number, length: number) => formatOctal(value, length) ?? formatOctal(0, length) ?? "";
  put(name, 0);
  put(octal(node.mode, 8), 100);
  put(octal(node.uid, 8), 108);
  put(octal(node.gid, 8), 116);
  put(octal(size, 12), 124);
  put(octal(node.mtime.seconds, 12), 136);
  put("        ", 148);
  put(flag, 156);
  put(ascii(node.link, 100), 157);
  put("ustar\x0000", 257);
  put(octal(node.major, 8), 329);
  put(octal(node.minor, 8), 337);
  put(prefix, 345);
  let sum = 0;
  for (const byte of block) sum += byte;
  put(`${sum.toString(8).padStart(6, "0")}\0 `, 148);
  return block;
}

/** The two fields that ustar has for a name, or undefined when it fits neither one nor both. */
function splitName(name: ByteString): { name: ByteString; prefix: ByteString } | undefined {
  if (!isAscii(name)) return undefined;
  if (name.length <= 100) return { name, prefix: "" };
  const slash = name.indexOf("/", name.length - 101);
  const isUsable = slash > 0 && slash <= 155 && slash < name.length - 1;
  return isUsable ? { prefix: name.slice(0, slash), name: name.slice(slash + 1) } : undefined;
}

function isAscii(text: ByteString): boolean {
  return /^[\x01-\x7f]*$/.test(text);
}

function ascii(text: ByteString, length: number): string {
  return text.replace(/[^\x20-\x7e]/g, "?").slice(0, length);
}
