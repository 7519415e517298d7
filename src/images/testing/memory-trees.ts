import type { ByteString, Node } from "../../tar/index.ts";
import { directoryNode } from "../../tar/testing/archives.ts";
import { baseOf, joinPath, parentOf } from "../layers/path.ts";
import type { TreePort } from "../layers/tree-port.ts";
import { createTreeRecordDecoder, encodeTreeRecord, endRecord } from "../layers/tree-record.ts";

/** A file of a tree in memory. Names of one file share it. */
export type MemoryFile = { node: Node; data: Buffer };

/** The files of one directory by path; its own entry has the path "". */
export type MemoryTree = Map<ByteString, MemoryFile>;

/** A `TreePort` that keeps all trees in memory. */
export type MemoryTrees = TreePort & {
  /** The tree that was unpacked into a directory. */
  tree(directory: string): MemoryTree;
};

export function createMemoryTrees(): MemoryTrees {
  const trees = new Map<string, MemoryTree>();
  const treeOf = (directory: string) => {
    const tree = trees.get(directory) ?? new Map([["", { node: directoryNode(""), data: Buffer.alloc(0) }]]);
    trees.set(directory, tree);
    return tree;
  };
  return {
    tree: treeOf,
    async unpack(directory, records, signal) {
      const decoder = createTreeRecordDecoder();
      const tree = treeOf(directory);
      let current: MemoryFile | undefined;
      for await (const chunk of records) {
        signal?.throwIfAborted();
        for (const piece of decoder.push(chunk)) {
          if (piece.kind === "node") current = put(tree, piece.node);
          else if (current !== undefined) current.data = Buffer.concat([current.data, piece.data]);
        }
      }
      decoder.end();
    },
    async *pack(directory, { path = "" }) {
      const tree = treeOf(directory);
      const paths = [...tree.keys()].filter(
        (each) => path === "" || each === path || each.startsWith(`${path}/`),
      );
      const first = new Map<MemoryFile, ByteString>();
      for (const each of paths.sort()) {
        const file = tree.get(each) as MemoryFile;
        const original = first.get(file);
        first.set(file, original ?? each);
        if (original !== undefined) {
          yield encodeTreeRecord({ ...file.node, type: "hardLink", path: each, link: original, size: 0 });
          continue;
        }
        yield encodeTreeRecord({ ...file.node, path: each, size: file.data.length });
        if (file.data.length > 0) yield file.data;
      }
      yield endRecord;
    },
  };
}

function put(tree: MemoryTree, node: Node): MemoryFile {
  const { path, type } = node;
  if (path.startsWith("/") || path.split("/").includes(".."))
    throw new Error(`the path ${path} leaves the tree`);
  makeParents(tree, parentOf(path));
  const existing = tree.get(path);
  if (existing?.node.type === "directory" && type !== "directory") throw new Error(`${path} is a directory`);
  const target = type === "hardLink" ? tree.get(node.link) : undefined;
  if (type === "hardLink" && target === undefined) throw new Error(`${node.link} does not exist`);
  const file = target ?? { node, data: Buffer.alloc(0) };
  tree.set(path, file);
  return file;
}

function makeParents(tree: MemoryTree, path: ByteString): void {
  if (path !== "") makeParents(tree, parentOf(path));
  const existing = tree.get(path)?.node.type;
  if (existing === undefined) tree.set(joinPath(parentOf(path), baseOf(path)), emptyDirectory(path));
  else if (existing !== "directory") throw new Error(`${path} is not a directory`);
}

function emptyDirectory(path: ByteString): MemoryFile {
  return { node: directoryNode(path), data: Buffer.alloc(0) };
}
