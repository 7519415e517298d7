import { type ByteString, byteString, byteStringOf } from "./bytes.ts";
import type { RawHeader } from "./header.ts";
import { type PaxRecords, parseDecimal, parsePax, parseTime } from "./pax.ts";
import { type Node, type NodeType, noXattrs } from "./pieces.ts";
import { parseMapRecord } from "./sparse.ts";
import { tarError } from "./tar-error.ts";

/** What the headers before a member say about it. */
export type Extensions = {
  readonly pax: PaxRecords;
  /** GNU's long name and long link. */
  readonly name?: ByteString;
  readonly link?: ByteString;
  /** Offsets and lengths of a sparse file in formats 0.0 and 0.1. */
  readonly sparseNumbers: readonly number[];
};

export const noExtensions: Extensions = { pax: new Map(), sparseNumbers: [] };

const xattrPrefix = "SCHILY.xattr.";

const types: Readonly<Record<string, NodeType>> = {
  "\0": "file",
  "0": "file",
  "1": "hardLink",
  "2": "symlink",
  "3": "charDevice",
  "4": "blockDevice",
  "5": "directory",
  "6": "fifo",
  "7": "file",
  S: "file",
};

/** Adds an extended header to what is known. */
export function extendFromPax(known: Extensions, data: Buffer): Extensions {
  const sparseNumbers = [...known.sparseNumbers];
  const records = parsePax(data, (key, value) => {
    if (key === "GNU.sparse.offset" || key === "GNU.sparse.numbytes")
      sparseNumbers.push(parseDecimal(value, key));
  });
  const map = records.get("GNU.sparse.map");
  if (map !== undefined) sparseNumbers.push(...parseMapRecord(map));
  return { ...known, pax: new Map([...known.pax, ...records]), sparseNumbers };
}

/**
 * The node that a header and its extensions make, and how many bytes the archive stores for it.
 *
 * An extended header's size counts also for finding the next header (CVE-2025-62518). Only files have data, whatever
 * the size says, as in Go's and GNU's readers.
 */
export function makeNode(header: RawHeader, extensions: Extensions): { node: Node; stored: number } {
  const { pax } = extensions;
  const path = bytesOf(pax, "GNU.sparse.name") ?? extensions.name ?? bytesOf(pax, "path") ?? header.name;
  const type = header.type === "\0" && path.endsWith("/") ? "directory" : types[header.type];
  if (type === undefined) throw tarError(`it has a member of type ${JSON.stringify(header.type)}`);
  const isLink = type === "hardLink" || type === "symlink";
  const size = type === "file" ? (numberOf(pax, "size") ?? header.size) : 0;
  const mtime = pax.get("mtime");
  const node: Node = {
    type,
    path,
    link: isLink ? (extensions.link ?? bytesOf(pax, "linkpath") ?? header.link) : "",
    mode: header.mode & 0o7777,
    uid: numberOf(pax, "uid") ?? header.uid,
    gid: numberOf(pax, "gid") ?? header.gid,
    mtime: mtime === undefined || mtime.length === 0 ? seconds(header.mtime) : parseTime(mtime, "mtime"),
    size,
    major: header.major,
    minor: header.minor,
    xattrs: xattrsOf(pax),
  };
  checkRanges(node);
  return { node, stored: size };
}

/** 2^32 - 1 means "no id" to the kernel. */
function checkRanges({ uid, gid, size, major, minor }: Node): void {
  if (size < 0) throw tarError("a member has a negative size");
  for (const id of [uid, gid]) {
    if (id < 0 || id >= 0xffffffff) throw tarError(`a member has the owner ${id}, which no system knows`);
  }
  for (const number of [major, minor]) {
    if (number < 0 || number > 0xffffffff) throw tarError(`a member has the device number ${number}`);
  }
}

function xattrsOf(pax: PaxRecords): Node["xattrs"] {
  let xattrs: Map<ByteString, Uint8Array> | undefined;
  for (const [key, value] of pax) {
    if (!key.startsWith(xattrPrefix)) continue;
    xattrs ??= new Map();
    xattrs.set(byteStringOf(key.slice(xattrPrefix.length)), value);
  }
  return xattrs ?? noXattrs;
}

/** An empty value takes nothing away from the header. */
function bytesOf(pax: PaxRecords, key: string): ByteString | undefined {
  const value = pax.get(key);
  return value === undefined || value.length === 0 ? undefined : byteString(value);
}

function numberOf(pax: PaxRecords, key: string): number | undefined {
  const value = pax.get(key);
  return value === undefined || value.length === 0 ? undefined : parseDecimal(value, key);
}

function seconds(value: number): Node["mtime"] {
  return { seconds: value, nanoseconds: 0 };
}
