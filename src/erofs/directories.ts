import type { ByteString } from "../tar/index.ts";
import { blockSize, directoryType, direntSize } from "./format.ts";
import type { Tree } from "./tree.ts";

/** A name in a directory, and the inode that it leads to. */
export type Dirent = { readonly name: ByteString; readonly inode: number };

/** The directories of a tree, each before those that are in it, and its paths in the order of bytes. */
export type Directories = ReadonlyMap<
  number,
  { readonly parent: number; readonly paths: readonly ByteString[] }
>;

export function listDirectories({ names, inodes }: Tree): Directories {
  const root = names.get("") as number;
  const found = new Map<number, { parent: number; paths: ByteString[] }>();
  for (const inode of names.values())
    if (inodes.isDirectory(inode)) found.set(inode, { parent: root, paths: [] });
  const of = (inode: number) => found.get(inode) as { parent: number; paths: ByteString[] };
  for (const [path, inode] of names) {
    if (path === "") continue;
    const parent = names.get(path.slice(0, Math.max(path.lastIndexOf("/"), 0))) as number;
    of(parent).paths.push(path);
    if (inodes.isDirectory(inode)) of(inode).parent = parent;
  }
  const sorted = new Map<number, { parent: number; paths: ByteString[] }>();
  for (const waiting = [root]; waiting.length > 0; ) {
    const directory = waiting.pop() as number;
    const entry = of(directory);
    entry.paths.sort();
    sorted.set(directory, entry);
    for (const path of entry.paths.toReversed()) {
      const inode = names.get(path) as number;
      if (inodes.isDirectory(inode)) waiting.push(inode);
    }
  }
  return sorted;
}

/** What is in a directory, itself and its parent included, as the kernel wants it: in the order of bytes. */
export function direntsOf(tree: Tree, directories: Directories, directory: number): Dirent[] {
  const { parent, paths } = directories.get(directory) ?? { parent: directory, paths: [] };
  const own: Dirent[] = [
    { name: ".", inode: directory },
    { name: "..", inode: parent },
  ];
  const entries = paths.map((path) => ({
    name: path.slice(path.lastIndexOf("/") + 1),
    inode: tree.names.get(path) as number,
  }));
  // Few names come before the dots.
  const isBefore = ({ name }: Dirent): boolean => name < "..";
  const first = entries.findIndex((entry) => !isBefore(entry));
  const count = first < 0 ? entries.length : first;
  const low = [...entries.slice(0, count), ...own].sort((a, b) => (a.name < b.name ? -1 : 1));
  return [...low, ...entries.slice(count)];
}

/** Entries as they share blocks: how many go into each. */
function countPerBlock(dirents: readonly Dirent[]): { counts: number[]; size: number } {
  const counts: number[] = [];
  let used = blockSize + 1;
  for (const { name } of dirents) {
    const length = direntSize + name.length;
    if (used + length > blockSize) {
      counts.push(0);
      used = 0;
    }
    used += length;
    counts[counts.length - 1] = (counts.at(-1) ?? 0) + 1;
  }
  return { counts, size: (counts.length - 1) * blockSize + used };
}

/** Bytes that a directory with these entries has. */
export function sizeOfDirectory(dirents: readonly Dirent[]): number {
  return countPerBlock(dirents).size;
}

/** A directory's data: in each block entries, then their names. */
export function encodeDirectory(
  { inodes }: Tree,
  dirents: readonly Dirent[],
  slotOf: (inode: number) => number,
): Buffer {
  const { counts, size } = countPerBlock(dirents);
  const data = Buffer.alloc(size);
  let next = 0;
  for (const [block, count] of counts.entries()) {
    const start = block * blockSize;
    let nameAt = count * direntSize;
    for (const [index, { name, inode }] of dirents.slice(next, next + count).entries()) {
      const at = start + index * direntSize;
      data.writeBigUInt64LE(BigInt(slotOf(inode)), at);
      data.writeUInt16LE(nameAt, at + 8);
      data[at + 10] = directoryType(inodes.modeOf(inode));
      nameAt += data.write(name, start + nameAt, "latin1");
    }
    next += count;
  }
  return data;
}
