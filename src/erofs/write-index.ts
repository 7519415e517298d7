import { type Directories, direntsOf, encodeDirectory, listDirectories } from "./directories.ts";
import { blockSize, encodeHead, headSize, inodeField, layouts, slotSize } from "./format.ts";
import { encodeInode, placeInodes } from "./place-inodes.ts";
import type { Tree } from "./tree.ts";

/** Small parts are joined to pieces of about this size. */
const pieceSize = 256 * 1024;

/**
 * The image: superblock, inodes with the root first, attributes that several files have, and last the data of large
 * directories and long targets.
 *
 * @param devices bytes of the files that data of files are in
 */
export function* writeIndex(tree: Tree, devices: readonly number[]): Generator<Buffer> {
  const { inodes, names, attributes } = tree;
  const shared = attributes.shared();
  const directories = listDirectories(tree);
  const { order, end } = placeInodes(tree, directories, headSize(devices.length));
  const sharedBlock = Math.ceil(end / blockSize);
  const firstBlock = sharedBlock + Math.ceil(shared.length / blockSize);
  let blocks = firstBlock;
  for (const inode of order) {
    if (!hasBlocks(tree, inode)) continue;
    inodes.setExtent(inode, { device: 0, offset: blocks * blockSize });
    blocks += Math.ceil(inodes.sizeOf(inode) / blockSize);
  }
  const head = encodeHead({
    root: inodes.positionOf(names.get("") ?? 0) / slotSize,
    inodes: order.length,
    blocks,
    xattrBlock: shared.length === 0 ? 0 : sharedBlock,
    devices: devices.map((size) => Math.ceil(size / blockSize)),
  });
  const dataOf = (inode: number) => dataOfInode(tree, directories, inode);
  yield* joined(
    (function* () {
      yield { at: 0, bytes: head };
      for (const [index, inode] of order.entries()) {
        const bytes = encodeInode(tree, inode, dataOf);
        bytes.writeUInt32LE(index + 1, inodeField.number);
        yield { at: inodes.positionOf(inode), bytes };
      }
      yield { at: sharedBlock * blockSize, bytes: shared };
      for (const inode of order) {
        if (hasBlocks(tree, inode)) {
          yield { at: inodes.extentOf(inode).block * blockSize, bytes: dataOf(inode) };
        }
      }
      yield { at: blocks * blockSize, bytes: Buffer.alloc(0) };
    })(),
  );
}

/** Whether an inode has data in blocks of the image's end. */
function hasBlocks({ inodes, targets }: Tree, inode: number): boolean {
  const isOurs = inodes.isDirectory(inode) || targets.has(inode);
  return isOurs && inodes.layoutOf(inode) === layouts.plain;
}

/** A directory's entries, or a link's target. */
function dataOfInode(tree: Tree, directories: Directories, inode: number): Buffer {
  const target = tree.targets.get(inode);
  if (target !== undefined) return Buffer.from(target, "latin1");
  const slotOf = (each: number): number => tree.inodes.positionOf(each) / slotSize;
  return encodeDirectory(tree, direntsOf(tree, directories, inode), slotOf);
}

/** Parts by their positions, in their order, as one stream with zeros between them. */
function* joined(parts: Iterable<{ at: number; bytes: Buffer }>): Generator<Buffer> {
  let waiting: Buffer[] = [];
  let length = 0;
  let end = 0;
  for (const { at, bytes } of parts) {
    if (at > end) waiting.push(Buffer.alloc(at - end));
    waiting.push(bytes);
    length += at - end + bytes.length;
    end = at + bytes.length;
    if (length < pieceSize) continue;
    yield Buffer.concat(waiting);
    waiting = [];
    length = 0;
  }
  if (length > 0) yield Buffer.concat(waiting);
}
