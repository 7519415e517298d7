import { createTarReader, createTarWriter, emptyNode, type Node } from "../index.ts";

/** A member of an archive for tests. */
export type Member = { node: Node; data: Buffer };

/** A regular file as a node; the path is a byte string. */
export function fileNode(path: string, changes: Partial<Node> = {}): Node {
  return { ...emptyNode(path), mode: 0o644, ...changes };
}

/** A directory as a node. */
export function directoryNode(path: string, changes: Partial<Node> = {}): Node {
  return fileNode(path, { type: "directory", mode: 0o755, ...changes });
}

/** A symbolic link as a node. */
export function symlinkNode(path: string, link: string): Node {
  return fileNode(path, { type: "symlink", mode: 0o777, link });
}

/** A hard link as a node. */
export function hardLinkNode(path: string, link: string): Node {
  return fileNode(path, { type: "hardLink", link });
}

/** An archive as the writer makes it. Data are byte strings. */
export function archiveOf(members: readonly { node: Node; data?: string }[]): Buffer {
  const writer = createTarWriter();
  const chunks = members.flatMap(({ node, data = "" }) => {
    const bytes = Buffer.from(data, "latin1");
    const header = writer.add({ kind: "node", node: { ...node, size: bytes.length } });
    return bytes.length === 0 ? header : [...header, ...writer.add({ kind: "data", data: bytes })];
  });
  return Buffer.concat([...chunks, writer.end()]);
}

/** Reads an archive that arrives in pieces of a length. What a piece completes is taken, and then its memory is used anew. */
export function readAll(archive: Uint8Array, piece: number = archive.length): Member[] {
  const reader = createTarReader();
  const members: Member[] = [];
  for (let at = 0; at < archive.length; at += piece) {
    const arrived = Buffer.from(archive.subarray(at, at + piece));
    for (const each of reader.push(arrived)) {
      const last = members.at(-1);
      if (each.kind === "node") members.push({ node: each.node, data: Buffer.alloc(0) });
      else if (last !== undefined) last.data = Buffer.concat([last.data, each.data]);
    }
    arrived.fill(0xff);
  }
  reader.end();
  return members;
}

export const text = (data: Buffer): string => data.toString("latin1");

/** Fields of a header as a hostile writer chooses them. */
export type RawMember = {
  name: string;
  prefix?: string;
  type?: string;
  link?: string;
  magic?: string;
  /** The size field; that of the data by default. */
  size?: number | Uint8Array;
  mtime?: Uint8Array;
  checksum?: string;
  data?: string | Uint8Array;
  /** A block with what other fields there are. */
  base?: Uint8Array;
};

/** The blocks of one member with exactly these fields. */
export function member(fields: RawMember): Buffer {
  const data = Buffer.from(fields.data ?? "");
  const block = Buffer.from(fields.base ?? Buffer.alloc(512));
  const put = (value: string | Uint8Array, at: number) =>
    block.set(Buffer.from(value as string, "latin1"), at);
  const size = fields.size ?? data.length;
  put(fields.name, 0);
  put("0000644\0", 100);
  put("0000000\0".repeat(2), 108);
  put(typeof size === "number" ? `${size.toString(8).padStart(11, "0")}\0` : size, 124);
  put(fields.mtime ?? "00000000000\0", 136);
  put(fields.type ?? "0", 156);
  put(fields.link ?? "", 157);
  put(fields.magic ?? "ustar\x0000", 257);
  if (fields.prefix !== undefined) put(fields.prefix, 345);
  put("        ", 148);
  const sum = block.reduce((total, byte) => total + byte, 0);
  put(fields.checksum ?? `${sum.toString(8).padStart(6, "0")}\0 `, 148);
  return Buffer.concat([block, data, Buffer.alloc((512 - (data.length % 512)) % 512)]);
}

/** An extended header. */
export function paxHeader(records: Record<string, string> | readonly string[][], type = "x"): Buffer {
  const pairs = Array.isArray(records) ? (records as string[][]) : Object.entries(records);
  const data = pairs.map(([key = "", value = ""]) => {
    const rest = ` ${key}=${value}\n`;
    let length = rest.length;
    while (String(length).length + rest.length !== length) length += 1;
    return length + rest;
  });
  return member({ name: "PaxHeaders/x", type, data: data.join("") });
}
