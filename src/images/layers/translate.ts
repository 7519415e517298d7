import { type ByteString, type Node, noXattrs, type TreePiece } from "../../tar/index.ts";
import { createLayerTree, type LayerTree } from "./layer-tree.ts";
import {
  checkBytes,
  defaultLimits,
  type LayerLimits,
  maxNameLength,
  maxPathLength,
  tooMuch,
} from "./limits.ts";
import { entryError, joinPath, splitPath } from "./path.ts";
import {
  asOpaque,
  impliedDirectory,
  isOverlayAttribute,
  isWhiteoutNode,
  parseWhiteout,
  whiteoutNode,
} from "./whiteout.ts";

/** What a layer takes on the disk, by its entries: bytes in blocks of 4 KiB, and inodes. */
export type Usage = { readonly bytes: number; readonly inodes: number };

export type LayerTranslator = {
  /** The pieces to write for one that was read. */
  translate(piece: TreePiece): TreePiece[];
  usage(): Usage;
  /** Whether the layer hides everything below it, which an overlay directory cannot say of its own root. */
  hidesAll(): boolean;
  /** The layer's directories and whiteouts, parents before what is in them. */
  outline(): OutlineEntry[];
};

/**
 * A directory or a whiteout of a layer. A directory that the layer has only by the names in it is `implied`: it has
 * default metadata and should get those of the layer below.
 */
export type OutlineEntry = { readonly node: Node; readonly implied: boolean };

export type TranslatorOptions = {
  limits?: LayerLimits;
  /** Bytes of the blob that the layer comes in. */
  blobSize?: number;
};

type State = {
  readonly tree: LayerTree;
  readonly limits: LayerLimits;
  readonly blobSize: number | undefined;
  entries: number;
  /** Bytes of files so far. */
  total: number;
  bytes: number;
  inodes: number;
  hidesAll: boolean;
  /** Whether data belong to a file that is not written. */
  skipping: boolean;
};

const blockSize = 4096;

/**
 * Turns the entries of a layer's archive into the files of an overlay directory.
 *
 * Paths come out relative, without "..", and with no symbolic link of the layer in them, so that whoever writes them
 * need not follow any. Whiteouts take their overlay form; what the layer itself has under a hidden name stays, in
 * whatever order it comes. A file may replace a file; nothing but a directory may replace a directory.
 * @throws IMAGE_LAYER_ENTRY, IMAGE_LAYER_LIMIT
 */
export function createLayerTranslator(options: TranslatorOptions = {}): LayerTranslator {
  const limits = options.limits ?? defaultLimits;
  const state: State = {
    tree: createLayerTree(limits.depth),
    limits,
    blobSize: options.blobSize,
    entries: 0,
    total: 0,
    bytes: 0,
    inodes: 0,
    hidesAll: false,
    skipping: false,
  };
  return {
    translate(piece) {
      if (piece.kind === "data") return state.skipping ? [] : [piece];
      countEntry(state, piece.node);
      const nodes = placeEntry(state, piece.node);
      state.skipping = nodes.at(-1)?.type !== "file";
      return nodes.map((node) => ({ kind: "node", node }));
    },
    usage: () => ({ bytes: state.bytes, inodes: state.inodes }),
    hidesAll: () => state.hidesAll,
    outline: () => outlineOf(state.tree),
  };
}

function outlineOf(tree: LayerTree): OutlineEntry[] {
  const entries: OutlineEntry[] = [];
  for (const [path, place] of tree.places()) {
    if (place.kind === "whiteout") entries.push({ node: whiteoutNode(path), implied: false });
    if (place.kind !== "directory") continue;
    const node = place.node ?? impliedDirectory(path);
    const implied = place.node === undefined && !place.fresh;
    entries.push({ node: place.opaque ? asOpaque(node) : node, implied });
  }
  return entries;
}

function countEntry(state: State, { size }: Node): void {
  const { limits } = state;
  state.entries += 1;
  state.total += size;
  if (state.entries > limits.entries) throw tooMuch(`more than ${limits.entries} entries`);
  checkBytes(state.total, state);
}

function placeEntry(state: State, entry: Node): Node[] {
  const { tree, limits } = state;
  const parts = splitPath(entry.path, limits.depth);
  const name = parts.pop();
  if (name === undefined) return placeRoot(state, entry);
  const whiteout = parseWhiteout(name);
  const { path: parent, implied } = tree.resolveDirectory(parts, entry.path);
  const made = implied.map(({ path, fresh }) => {
    const node = impliedDirectory(path);
    return counted(state, fresh ? asOpaque(node) : node);
  });
  if (whiteout?.kind === "ignore") return made;
  if (whiteout?.kind === "opaque") return [...made, ...makeOpaque(state, parent, false)];
  const path = joinPath(parent, whiteout?.name ?? name);
  if (path.length > maxPathLength) throw entryError(entry.path, "its path is too long");
  if (whiteout !== undefined || isWhiteoutNode(entry)) return [...made, ...hide(state, path)];
  return [...made, placeNode(state, cleaned(entry, path))];
}

function placeRoot(state: State, entry: Node): Node[] {
  if (entry.type !== "directory") throw entryError(entry.path, "the root of a layer is a directory");
  return [placeNode(state, cleaned(entry, ""))];
}

function placeNode(state: State, node: Node): Node {
  const { tree } = state;
  const existing = tree.get(node.path);
  if (node.type === "directory") {
    const fresh = existing?.kind === "whiteout";
    const known = existing?.kind === "directory" ? existing : { opaque: fresh, fresh };
    tree.set(node.path, { ...known, kind: "directory", node });
    const placed = known.opaque ? asOpaque(node) : node;
    return existing?.kind === "directory" ? placed : counted(state, placed);
  }
  if (existing?.kind === "directory") {
    throw entryError(node.path, "a directory of the same layer is in its way");
  }
  if (node.type === "hardLink") return placeHardLink(state, node);
  tree.set(node.path, node.type === "symlink" ? { kind: "symlink", target: node.link } : { kind: "other" });
  return counted(state, node);
}

function placeHardLink(state: State, node: Node): Node {
  const { tree, limits } = state;
  const parts = splitPath(node.link, limits.depth);
  const name = parts.pop() ?? "";
  const target = joinPath(tree.resolveDirectory(parts, node.link).path, name);
  const place = tree.get(target);
  if (place === undefined || place.kind === "whiteout") {
    throw entryError(node.path, "it is a hard link to a file that the layer does not have");
  }
  if (place.kind === "directory") throw entryError(node.path, "it is a hard link to a directory");
  if (target === node.path) throw entryError(node.path, "it is a hard link to itself");
  tree.set(node.path, place);
  return { ...node, link: target };
}

/** A name of lower layers that is gone. What this layer has under it hides those as well. */
function hide(state: State, path: ByteString): Node[] {
  const existing = state.tree.get(path);
  if (existing?.kind === "directory") return makeOpaque(state, path, true);
  if (existing !== undefined) return [];
  state.tree.set(path, { kind: "whiteout" });
  return [counted(state, whiteoutNode(path))];
}

function makeOpaque(state: State, path: ByteString, fresh: boolean): Node[] {
  const place = state.tree.get(path);
  if (path === "") state.hidesAll = true;
  if (path === "" || place?.kind !== "directory") return [];
  state.tree.set(path, { ...place, opaque: true, fresh: fresh || place.fresh });
  return place.opaque ? [] : [asOpaque(place.node ?? impliedDirectory(path))];
}

function counted(state: State, node: Node): Node {
  const length = node.type === "directory" ? blockSize : node.size;
  state.bytes += Math.ceil(length / blockSize) * blockSize;
  state.inodes += 1;
  return node;
}

/** An entry under its real path, without what a layer must not bring. */
function cleaned(entry: Node, path: ByteString): Node {
  const { type, link } = entry;
  if (type === "symlink" && (link === "" || link.length > maxPathLength || link.includes("\0"))) {
    throw entryError(entry.path, "the target of a symbolic link is empty, too long or holds a NUL byte");
  }
  return { ...entry, path, xattrs: cleanedXattrs(entry) };
}

/**
 * The attributes that a file may be given. The kernel refuses `user.` attributes for anything but files and directories,
 * so they are not offered to it; those of overlay are ours alone.
 *
 * @throws IMAGE_LAYER_ENTRY
 */
export function cleanedXattrs({ path, type, xattrs }: Node): Node["xattrs"] {
  if (xattrs.size === 0) return noXattrs;
  const kept = new Map<ByteString, Uint8Array>();
  for (const [name, value] of xattrs) {
    const isUsable = /^[^\0]+\.[^\0]+$/.test(name) && name.length <= maxNameLength && value.length <= 65536;
    if (!isUsable) throw entryError(path, "it has an extended attribute that no file can have");
    const isForeign = name.startsWith("user.") && type !== "file" && type !== "directory";
    if (!isOverlayAttribute(name) && !isForeign) kept.set(name, value);
  }
  return kept;
}
