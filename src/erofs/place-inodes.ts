import { xattrCount } from "./attributes.ts";
import { type Directories, direntsOf, sizeOfDirectory } from "./directories.ts";
import {
  blockSize,
  chunkFormat,
  chunkIndexSize,
  fileTypes,
  inodeField,
  inodeFormat,
  inodeSize,
  layouts,
  roundUp,
  slotSize,
  typeMask,
} from "./format.ts";
import type { Tree } from "./tree.ts";

/**
 * Decides how the data of each inode are laid out, and where the inode is: directories first, as walking a tree reads
 * them, the root the very first, because its place has 16 bits only.
 *
 * @param start position of the first in bytes
 * @returns the inodes in their order, and the position behind the last
 */
export function placeInodes(
  tree: Tree,
  directories: Directories,
  start: number,
): { order: readonly number[]; end: number } {
  const { inodes, names } = tree;
  const order: number[] = [];
  let end = start;
  const place = (inode: number): void => {
    if (inodes.positionOf(inode) !== 0) return;
    const { layout, behind } = shapeOf(tree, inode);
    // The kernel takes no data behind an inode that lie in two blocks; attributes may.
    const together = layout === layouts.inline ? inodeSize + behind : inodeSize;
    if ((end % blockSize) + together > blockSize) end = roundUp(end, blockSize);
    inodes.setPosition(inode, end);
    inodes.setLayout(inode, layout);
    end = roundUp(end + inodeSize + behind, slotSize);
    order.push(inode);
  };
  for (const [directory, { paths }] of directories) {
    const below = paths.filter((path) => inodes.isDirectory(names.get(path) as number)).length;
    inodes.addLinks(directory, 1 + below);
    inodes.setSize(directory, sizeOfDirectory(direntsOf(tree, directories, directory)));
    place(directory);
  }
  for (const { paths } of directories.values()) for (const path of paths) place(names.get(path) as number);
  return { order, end };
}

/** How the data of an inode are laid out, and how many bytes are behind it. */
function shapeOf(tree: Tree, inode: number): { layout: number; behind: number } {
  const { inodes, targets } = tree;
  const attributes = attributesOf(tree, inode).length;
  const size = inodes.sizeOf(inode);
  if (isFile(tree, inode) && size > 0) {
    return { layout: layouts.chunks, behind: roundUp(attributes, chunkIndexSize) + chunkIndexSize };
  }
  const isOurs = inodes.isDirectory(inode) || targets.has(inode);
  const isSmall = isOurs && inodeSize + attributes + size <= blockSize;
  return isSmall
    ? { layout: layouts.inline, behind: attributes + size }
    : { layout: layouts.plain, behind: attributes };
}

/** An inode as it is stored, with what is behind it. */
export function encodeInode(tree: Tree, inode: number, dataOf: (inode: number) => Buffer): Buffer {
  const { inodes } = tree;
  const bytes = inodes.encode(inode);
  const attributes = attributesOf(tree, inode);
  const layout = inodes.layoutOf(inode);
  bytes.writeUInt16LE(inodeFormat(layout), inodeField.format);
  bytes.writeUInt16LE(xattrCount(attributes), inodeField.xattrCount);
  if (layout === layouts.inline) return Buffer.concat([bytes, attributes, dataOf(inode)]);
  const { device, block } = inodes.extentOf(inode);
  if (layout === layouts.chunks) {
    bytes.writeUInt32LE(chunkFormat(inodes.sizeOf(inode)), inodeField.union);
    const index = Buffer.alloc(
      roundUp(attributes.length, chunkIndexSize) - attributes.length + chunkIndexSize,
    );
    // Device 0 is the image itself.
    index.writeUInt16LE(device + 1, index.length - 6);
    index.writeUInt32LE(block, index.length - 4);
    return Buffer.concat([bytes, attributes, index]);
  }
  if (block !== 0) bytes.writeUInt32LE(block, inodeField.union);
  return Buffer.concat([bytes, attributes]);
}

function isFile({ inodes }: Tree, inode: number): boolean {
  return (inodes.modeOf(inode) & typeMask) === fileTypes.file;
}

function attributesOf({ attributes, attributesOf }: Tree, inode: number): Buffer {
  return attributes.encode(attributesOf.get(inode) ?? []);
}
