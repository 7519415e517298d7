import type { ByteString } from "../../tar/index.ts";
import { parentOf } from "../layers/path.ts";
import { isOpaque, isWhiteoutNode, opaqueAttribute } from "../layers/whiteout.ts";
import type { Listed } from "./layer-listing.ts";

/** What is to be seen of layers on top of one another, by path; the root is not among it. */
export type MergedTree = Map<ByteString, Listed>;

/** Puts a layer on top. Files that it does not touch stay the same objects. */
export function applyLayer(tree: MergedTree, layer: readonly Listed[]): void {
  for (const { node } of layer) {
    if (isWhiteoutNode(node)) removeTree(tree, node.path);
    else if (isOpaque(node)) removeBelow(tree, node.path);
  }
  for (const listed of layer) {
    const { node } = listed;
    if (node.path === "" || isWhiteoutNode(node)) continue;
    if (listed.implied && tree.get(node.path)?.node.type === "directory") continue;
    if (tree.has(node.path) && node.type !== "directory") removeBelow(tree, node.path);
    tree.set(node.path, node.type === "hardLink" ? linked(tree, listed) : visible(listed));
  }
}

/** Further names of a file are compared as the file. */
function linked(tree: MergedTree, { node, content }: Listed): Listed {
  const original = tree.get(node.link);
  if (original === undefined) return { node, content };
  return { node: { ...original.node, path: node.path }, content: original.content };
}

/** A directory that hides what is below it is a directory like any other to whoever looks. */
function visible(listed: Listed): Listed {
  const { node, content } = listed;
  if (!isOpaque(node)) return listed;
  const xattrs = new Map([...node.xattrs].filter(([name]) => name !== opaqueAttribute));
  return { node: { ...node, xattrs }, content };
}

function removeTree(tree: MergedTree, path: ByteString): void {
  tree.delete(path);
  removeBelow(tree, path);
}

function removeBelow(tree: MergedTree, path: ByteString): void {
  const prefix = path === "" ? "" : `${path}/`;
  for (const each of tree.keys()) if (each.startsWith(prefix)) tree.delete(each);
}

/** Whether a directory above a path is in a set. */
export function isBelow(path: ByteString, directories: ReadonlySet<ByteString>): boolean {
  for (let each = parentOf(path); each !== ""; each = parentOf(each)) if (directories.has(each)) return true;
  return false;
}
