import { type ByteString, byteString } from "./bytes.ts";
import { parseNumber } from "./numbers.ts";
import { tarError } from "./tar-error.ts";

/** All of an archive comes in blocks of so many bytes. */
export const blockSize = 512;

/** The fields of a header block as they stand there. */
export type RawHeader = {
  name: ByteString;
  mode: number;
  uid: number;
  gid: number;
  size: number;
  mtime: number;
  /** One character. */
  type: string;
  link: ByteString;
  major: number;
  minor: number;
  /** The block, for the fields that only one kind of header has. */
  block: Buffer;
};

/** Whether a block has nothing but zeros, two of which end an archive. */
export function isZeroBlock(block: Buffer): boolean {
  for (let at = 0; at < blockSize; at += 1) if (block[at] !== 0) return false;
  return true;
}

/**
 * Reads a header block of any of the formats: v7, ustar, GNU, star.
 * Source: https://pubs.opengroup.org/onlinepubs/9799919799/utilities/pax.html#tag_20_94_13_06, GNU tar's src/tar.h
 */
export function parseHeader(block: Buffer): RawHeader {
  checkSum(block);
  const magic = block.toString("latin1", 257, 265);
  const isPosix = magic.startsWith("ustar\0");
  const isGnu = magic === "ustar  \0";
  const isStar = isPosix && block.toString("latin1", 508, 512) === "tar\0";
  const name = text(block, 0, 100);
  const prefix = isPosix ? text(block, 345, isStar ? 131 : 155) : "";
  const type = String.fromCharCode(block[156] ?? 0);
  const hasNumbers = (isPosix || isGnu) && (type === "3" || type === "4");
  return {
    name: prefix === "" ? name : `${prefix}/${name}`,
    mode: number(block, 100, 8, "the mode"),
    uid: number(block, 108, 8, "the user id"),
    gid: number(block, 116, 8, "the group id"),
    size: number(block, 124, 12, "the size"),
    mtime: number(block, 136, 12, "the modification time"),
    type,
    link: text(block, 157, 100),
    major: hasNumbers ? number(block, 329, 8, "the major device number") : 0,
    minor: hasNumbers ? number(block, 337, 8, "the minor device number") : 0,
    block,
  };
}

/** The sum of all bytes with the sum itself as spaces; some old programs summed signed bytes. */
function checkSum(block: Buffer): void {
  const stored = number(block, 148, 8, "the checksum");
  let unsigned = 8 * 0x20;
  let signed = unsigned;
  for (let at = 0; at < blockSize; at += 1) {
    if (at >= 148 && at < 156) continue;
    const byte = block[at] as number;
    unsigned += byte;
    signed += byte > 127 ? byte - 256 : byte;
  }
  if (stored !== unsigned && stored !== signed) throw tarError("the checksum of a header is wrong");
}

function number(block: Buffer, at: number, length: number, what: string): number {
  return parseNumber(block.subarray(at, at + length), what);
}

/** A field up to its first NUL. */
function text(block: Buffer, at: number, length: number): ByteString {
  const field = block.subarray(at, at + length);
  const end = field.indexOf(0);
  return byteString(end < 0 ? field : field.subarray(0, end));
}
