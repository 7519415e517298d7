import { type ByteString, emptyNode, type Node, quoteBytes } from "../tar/index.ts";
import { createAttributeTable } from "./attributes.ts";
import { erofsError } from "./errors.ts";
import { blockSize, encodeDevice, maxFileSize, maxName } from "./format.ts";
import { createInodeTable, type Extent } from "./inode-table.ts";
import type { Tree } from "./tree.ts";
import { writeIndex } from "./write-index.ts";

export type { Extent } from "./inode-table.ts";

/** Makes the index of a tree of files. */
export interface IndexBuilder {
  /**
   * Adds a file, as whoever writes a tree to a directory would: missing parents are made (0755, root), a file takes the
   * place of a file or symbolic link, and a directory that is there stays and gets the metadata. A hard link's target
   * must be there.
   *
   * @param extent where the data of a file with any are
   * @throws EROFS_ENTRY, EROFS_LIMIT
   */
  add(node: Node, extent?: Extent): void;
  /**
   * The image, in pieces. It holds no data of files. The builder is of no use afterwards.
   *
   * @param devices bytes of the files that data are in
   */
  write(devices: readonly number[]): Generator<Buffer>;
}

/** Bytes of attributes and targets, which a blob can have far more of than it is large itself. */
const maxText = 512 * 1024 * 1024;

/**
 * An index for EROFS: all that a tree has but the data of its files, which stay in other files. Kept in memory are, of
 * each file, 64 bytes, its path, and its attributes once for all files that have the same.
 */
export function createIndexBuilder({ limit = maxText } = {}): IndexBuilder {
  const tree: Tree = {
    inodes: createInodeTable(),
    names: new Map(),
    targets: new Map(),
    attributes: createAttributeTable(),
    attributesOf: new Map(),
  };
  const budget = { limit, targets: 0 };
  tree.names.set("", tree.inodes.add(directoryNode("")));
  return {
    add(node, extent) {
      addNode(tree, node, extent);
      budget.targets += node.type === "symlink" ? node.link.length : 0;
      if (budget.targets + tree.attributes.size <= budget.limit) return;
      throw erofsError(
        "LIMIT",
        `cannot index a layer: its attributes and links have more than ${limit} bytes`,
        {
          hint: "the image may be an attack: use another one",
        },
      );
    },
    write: (devices) => writeIndex(tree, devices),
  };
}

function addNode(tree: Tree, node: Node, extent: Extent | undefined): void {
  const { inodes, names, targets } = tree;
  const { path, type, link, size } = node;
  makeParents(tree, path);
  const existing = names.get(path);
  if (type === "directory" && existing !== undefined && inodes.isDirectory(existing)) {
    inodes.change(existing, node);
    giveAttributes(tree, existing, node);
    return;
  }
  check(node, extent);
  const linked = type === "hardLink" ? names.get(link) : undefined;
  if (type === "hardLink" && (linked === undefined || inodes.isDirectory(linked))) {
    throw refused(path, `it is a hard link to ${quoteBytes(link)}, which is no file`);
  }
  if (existing !== undefined) removeName(tree, path, existing);
  if (linked !== undefined) {
    inodes.addLinks(linked, 1);
    names.set(path, linked);
    return;
  }
  const inode = inodes.add(node);
  names.set(path, inode);
  if (type === "symlink") targets.set(inode, link);
  inodes.setSize(inode, type === "symlink" ? link.length : size);
  if (extent !== undefined && size > 0) inodes.setExtent(inode, extent);
  giveAttributes(tree, inode, node);
}

function check({ path, type, size, major, minor }: Node, extent: Extent | undefined): void {
  if (path.length - path.lastIndexOf("/") - 1 > maxName) throw refused(path, "its name is too long");
  const isDevice = type === "charDevice" || type === "blockDevice";
  if (isDevice && encodeDevice(major, minor) === undefined) {
    throw refused(path, `no device has the number ${major}:${minor}`);
  }
  if (type !== "file" || size === 0) return;
  const block = extent === undefined ? Number.NaN : extent.offset / blockSize;
  if (size > maxFileSize || !Number.isInteger(block) || block + size / blockSize >= 0xffffffff) {
    throw refused(path, `its ${size} bytes are where no index can point at`);
  }
}

function removeName({ inodes, attributes, attributesOf }: Tree, path: ByteString, inode: number): void {
  if (inodes.isDirectory(inode)) throw refused(path, "a directory is in its way");
  inodes.addLinks(inode, -1);
  if (inodes.linksOf(inode) === 0) attributes.drop(attributesOf.get(inode) ?? []);
}

function giveAttributes({ attributes, attributesOf }: Tree, inode: number, { path, xattrs }: Node): void {
  const ids = attributes.add(path, xattrs, attributesOf.get(inode));
  if (ids.length > 0) attributesOf.set(inode, ids);
}

function makeParents(tree: Tree, path: ByteString): void {
  const { names, inodes } = tree;
  const parent = path.slice(0, Math.max(path.lastIndexOf("/"), 0));
  const existing = names.get(parent);
  if (existing === undefined) {
    makeParents(tree, parent);
    names.set(parent, inodes.add(directoryNode(parent)));
  } else if (!inodes.isDirectory(existing)) {
    throw refused(path, `${quoteBytes(parent)} is no directory`);
  }
}

function directoryNode(path: ByteString): Node {
  return { ...emptyNode(path), type: "directory", mode: 0o755 };
}

function refused(path: ByteString, reason: string) {
  return erofsError("ENTRY", `cannot index ${quoteBytes(path)}: ${reason}`);
}
