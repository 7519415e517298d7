import type { ByteString, Node } from "../../tar/index.ts";
import type { ContentStore } from "../content/content-store.ts";
import type { Image } from "../image-store.ts";
import { type Listed, listLayer } from "./layer-listing.ts";
import { applyLayer, isBelow, type MergedTree } from "./merged-tree.ts";

/** What differs at a path between two images. */
export type Difference = { readonly path: ByteString; readonly kind: "added" | "changed" | "deleted" };

/**
 * What must be done to the files of one image to get those of another: in the order of the paths, of a directory that is
 * gone only the directory. Times of change do not count. Layers that both have are read once, and their files are only
 * digested where the other image has a file of the same kind in their place.
 *
 * @throws IMAGE_CONTENT_NOT_FOUND and what unpacking a layer throws
 */
export async function compareImages(
  content: ContentStore,
  [before, after]: readonly [Image, Image],
  signal?: AbortSignal,
): Promise<Difference[]> {
  const shared = sharedLayers(before, after);
  const read = (layer: Image["layers"][number], isWanted: (path: ByteString) => boolean) =>
    listLayer(content.read(layer.digest, { signal }), { blobSize: layer.size, isWanted });
  const base: MergedTree = new Map();
  for (const layer of before.layers.slice(0, shared)) applyLayer(base, await read(layer, () => false));
  const treeOf = async (image: Image): Promise<MergedTree> => {
    const tree = new Map(base);
    for (const layer of image.layers.slice(shared)) applyLayer(tree, await read(layer, () => true));
    return tree;
  };
  const [old, now] = [await treeOf(before), await treeOf(after)];
  const doubtful = new Set([...now.keys()].filter((path) => isDoubtful(old.get(path), now.get(path))));
  if (doubtful.size > 0) {
    const digested: MergedTree = new Map();
    const wanted = (path: ByteString) => doubtful.has(path);
    for (const layer of before.layers.slice(0, shared)) applyLayer(digested, await read(layer, wanted));
    for (const path of doubtful) digest([old.get(path), now.get(path)], digested.get(path)?.content);
  }
  return differences(old, now);
}

/** How many of the lowest layers two images have in common. */
function sharedLayers(a: Image, b: Image): number {
  const different = a.chainIds.findIndex((chainId, index) => b.chainIds[index] !== chainId);
  return different < 0 ? a.chainIds.length : different;
}

/** Whether two files can only be told apart by their bytes, and those of one are not known. */
function isDoubtful(a: Listed | undefined, b: Listed | undefined): boolean {
  if (a === undefined || b === undefined || a === b || !isAlike(a.node, b.node)) return false;
  return a.node.type === "file" && (a.content === undefined || b.content === undefined);
}

function digest(files: readonly (Listed | undefined)[], content: string | undefined): void {
  for (const file of files) if (file !== undefined) file.content ??= content;
}

function differences(old: MergedTree, now: MergedTree): Difference[] {
  const found: Difference[] = [];
  const gone = new Set<ByteString>();
  const paths = [...new Set([...old.keys(), ...now.keys()])].sort();
  for (const path of paths) {
    const [a, b] = [old.get(path), now.get(path)];
    if (b === undefined) {
      gone.add(path);
      if (!isBelow(path, gone)) found.push({ path, kind: "deleted" });
    } else if (a === undefined) found.push({ path, kind: "added" });
    else if (a !== b && !(isAlike(a.node, b.node) && a.content === b.content))
      found.push({ path, kind: "changed" });
  }
  return found;
}

function isAlike(a: Node, b: Node): boolean {
  const members = ["type", "link", "mode", "uid", "gid", "size", "major", "minor"] as const;
  if (members.some((member) => a[member] !== b[member]) || a.xattrs.size !== b.xattrs.size) return false;
  return [...a.xattrs].every(
    ([name, value]) => Buffer.compare(value, b.xattrs.get(name) ?? Buffer.alloc(0)) === 0,
  );
}
