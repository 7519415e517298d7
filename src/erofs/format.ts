/*
 * The parts of the on-disk format that an index needs: no compression, inodes of 64 bytes, data of files in other files.
 * Sources: https://github.com/torvalds/linux/blob/v6.12/fs/erofs/erofs_fs.h and
 * https://github.com/torvalds/linux/blob/v6.12/Documentation/filesystems/erofs.rst
 */

/** A block is what tar aligns its members to, so that the data of any of them can be pointed at. */
export const blockSize = 512;
const blockBits = 9;

/** An inode's number is its position in so many bytes. */
export const slotSize = 32;
export const inodeSize = 64;
export const chunkIndexSize = 8;
export const direntSize = 12;
/** The fixed part of an inode's attributes, in front of them. */
export const xattrHeaderSize = 12;
export const xattrEntrySize = 4;

/** Bytes that the name of a file, or of an attribute with its prefix, has at most. Source: include/uapi/linux/limits.h */
export const maxName = 255;

const superOffset = 1024;
const superSize = 128;
const deviceSize = 128;
const magic = 0xe0f5e1e2;
const chunkedFiles = 0x4;
const deviceTable = 0x8;

/** Where the data of an inode are: in blocks of their own, behind the inode, or by chunks in any device. */
export const layouts = { plain: 0, inline: 2, chunks: 4 } as const;

/** Offsets in an inode of the extended form. */
export const inodeField = {
  format: 0,
  xattrCount: 2,
  mode: 4,
  size: 8,
  /** Block of plain data, device number, or form of the chunks. */
  union: 16,
  number: 20,
  uid: 24,
  gid: 28,
  seconds: 32,
  nanoseconds: 40,
  links: 44,
} as const;

export const fileTypes = {
  fifo: 0o010000,
  charDevice: 0o020000,
  directory: 0o040000,
  blockDevice: 0o060000,
  file: 0o100000,
  symlink: 0o120000,
} as const;
export const typeMask = 0o170000;

/** What a directory entry says of the type. Source: include/linux/fs_types.h */
export function directoryType(mode: number): number {
  switch (mode & typeMask) {
    case fileTypes.file:
      return 1;
    case fileTypes.directory:
      return 2;
    case fileTypes.charDevice:
      return 3;
    case fileTypes.blockDevice:
      return 4;
    case fileTypes.fifo:
      return 5;
    default:
      return 7;
  }
}

/** The form of an inode of 64 bytes with data of a layout. */
export function inodeFormat(layout: number): number {
  return 1 | (layout << 1);
}

/** The form of a file's chunks: chunk indexes of 8 bytes, and one chunk that is large enough for all of it. */
export function chunkFormat(size: number): number {
  const indexes = 0x20;
  return indexes | Math.max(0, Math.ceil(Math.log2(Math.ceil(size / blockSize))));
}

/** The most bytes that one chunk can have: 31 is all ones in the five bits for it. */
export const maxFileSize = blockSize * 2 ** 31;

/** A device number as an inode has it, undefined where it is out of range. Source: include/linux/kdev_t.h, new_encode_dev */
export function encodeDevice(major: number, minor: number): number | undefined {
  if (major > 0xfff || minor > 0xfffff) return undefined;
  return ((minor & 0xff) | (major << 8) | ((minor & ~0xff) << 12)) >>> 0;
}

/** Bytes in front of the first inode, whole blocks. */
export function headSize(devices: number): number {
  return roundUp(superOffset + superSize + devices * deviceSize, blockSize);
}

export type Head = {
  /** Position of the root's inode in slots. */
  readonly root: number;
  readonly inodes: number;
  /** Blocks of the whole index. */
  readonly blocks: number;
  /** Block of the shared attributes, 0 for none. */
  readonly xattrBlock: number;
  /** Blocks of each file that data are in. */
  readonly devices: readonly number[];
};

/** The superblock and the table of devices, `headSize` bytes. Inodes count from the beginning of the image. */
export function encodeHead({ root, inodes, blocks, xattrBlock, devices }: Head): Buffer {
  const head = Buffer.alloc(headSize(devices.length));
  const at = superOffset;
  const table = superOffset + superSize;
  head.writeUInt32LE(magic, at);
  head[at + 12] = blockBits;
  head.writeUInt16LE(root, at + 14);
  head.writeBigUInt64LE(BigInt(inodes), at + 16);
  head.writeUInt32LE(blocks, at + 36);
  head.writeUInt32LE(xattrBlock, at + 44);
  head.write("tug layer", at + 64, "latin1");
  head.writeUInt32LE(chunkedFiles | deviceTable, at + 80);
  head.writeUInt16LE(devices.length, at + 86);
  head.writeUInt16LE(table / deviceSize, at + 88);
  for (const [index, count] of devices.entries()) {
    // Whoever mounts it names the files; a slot without a tag would be refused all the same.
    head.write(`layer data ${index}`, table + index * deviceSize, "latin1");
    head.writeUInt32LE(count, table + index * deviceSize + 64);
  }
  return head;
}

export function roundUp(value: number, unit: number): number {
  return Math.ceil(value / unit) * unit;
}
