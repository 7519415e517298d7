import type { Node } from "../tar/index.ts";
import { inodeField as at, blockSize, encodeDevice, fileTypes, inodeSize, typeMask } from "./format.ts";

/** Where the data of a file are: a file beside the index, and a position in it in bytes, at the beginning of a block. */
export type Extent = { readonly device: number; readonly offset: number };

/** Inodes by numbers that count from 0, in their final form as far as that is known; 64 bytes each and outside of the heap. */
export interface InodeTable {
  readonly count: number;
  /** A new inode with what a node says, one link, and no data. */
  add(node: Node): number;
  /** Gives a known inode the owner, the rights and the time of a node. */
  change(inode: number, node: Node): void;
  setExtent(inode: number, extent: Extent): void;
  extentOf(inode: number): { device: number; block: number };
  addLinks(inode: number, count: number): void;
  linksOf(inode: number): number;
  modeOf(inode: number): number;
  isDirectory(inode: number): boolean;
  sizeOf(inode: number): number;
  setSize(inode: number, size: number): void;
  /** How its data are laid out, see `layouts`. */
  setLayout(inode: number, layout: number): void;
  layoutOf(inode: number): number;
  /** Position in the image, in bytes; 0 is none. */
  setPosition(inode: number, position: number): void;
  positionOf(inode: number): number;
  /** A copy of the inode's bytes without what only this table has in them. */
  encode(inode: number): Buffer;
}

const perPage = 4096;

/** The reserved bytes at the end of an inode have its extent and its position until it is written. */
const scratch = { device: 48, layout: 50, block: 52, position: 56 } as const;

export function createInodeTable(): InodeTable {
  const pages: Buffer[] = [];
  let count = 0;
  const pageOf = (inode: number): Buffer => pages[Math.floor(inode / perPage)] as Buffer;
  const offsetOf = (inode: number): number => (inode % perPage) * inodeSize;
  const read = (inode: number, field: number): number => pageOf(inode).readUInt32LE(offsetOf(inode) + field);
  const write = (inode: number, field: number, value: number): void =>
    void pageOf(inode).writeUInt32LE(value, offsetOf(inode) + field);
  const storedMode = (inode: number): number => pageOf(inode).readUInt16LE(offsetOf(inode) + at.mode);

  function change(inode: number, node: Node): void {
    const page = pageOf(inode);
    const start = offsetOf(inode);
    page.writeUInt16LE(modeOf(node), start + at.mode);
    page.writeUInt32LE(node.uid, start + at.uid);
    page.writeUInt32LE(node.gid, start + at.gid);
    page.writeBigInt64LE(BigInt(node.mtime.seconds), start + at.seconds);
    page.writeUInt32LE(node.mtime.nanoseconds, start + at.nanoseconds);
  }

  return {
    get count() {
      return count;
    },
    add(node) {
      if (count % perPage === 0) pages.push(Buffer.alloc(perPage * inodeSize));
      const inode = count;
      count += 1;
      change(inode, node);
      write(inode, at.links, 1);
      const isDevice = node.type === "charDevice" || node.type === "blockDevice";
      if (isDevice) write(inode, at.union, encodeDevice(node.major, node.minor) ?? 0);
      return inode;
    },
    change,
    setExtent(inode, { device, offset }) {
      pageOf(inode).writeUInt16LE(device, offsetOf(inode) + scratch.device);
      write(inode, scratch.block, offset / blockSize);
    },
    extentOf: (inode) => ({
      device: pageOf(inode).readUInt16LE(offsetOf(inode) + scratch.device),
      block: read(inode, scratch.block),
    }),
    addLinks: (inode, more) => write(inode, at.links, read(inode, at.links) + more),
    linksOf: (inode) => read(inode, at.links),
    modeOf: storedMode,
    isDirectory: (inode) => (storedMode(inode) & typeMask) === fileTypes.directory,
    sizeOf: (inode) => Number(pageOf(inode).readBigUInt64LE(offsetOf(inode) + at.size)),
    setSize: (inode, size) => void pageOf(inode).writeBigUInt64LE(BigInt(size), offsetOf(inode) + at.size),
    setLayout: (inode, layout) => void pageOf(inode).writeUInt16LE(layout, offsetOf(inode) + scratch.layout),
    layoutOf: (inode) => pageOf(inode).readUInt16LE(offsetOf(inode) + scratch.layout),
    setPosition: (inode, position) =>
      void pageOf(inode).writeUIntLE(position, offsetOf(inode) + scratch.position, 6),
    positionOf: (inode) => pageOf(inode).readUIntLE(offsetOf(inode) + scratch.position, 6),
    encode(inode) {
      const bytes = Buffer.from(pageOf(inode).subarray(offsetOf(inode), offsetOf(inode) + inodeSize));
      return bytes.fill(0, scratch.device);
    },
  };
}

/** Type and permission bits; those of a symbolic link mean nothing and are the same everywhere. */
function modeOf({ type, mode }: Node): number {
  if (type === "symlink") return fileTypes.symlink | 0o777;
  return (type === "hardLink" ? fileTypes.file : fileTypes[type]) | mode;
}
