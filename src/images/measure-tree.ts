import { decodeTree } from "./layers/records.ts";
import type { Usage } from "./layers/translate.ts";
import type { TreePort } from "./layers/tree-port.ts";

const blockSize = 4096;

/** What a tree takes on the disk, by reading all of it: a port that can look at it without does better. */
export async function measureTree(trees: TreePort, directory: string, signal?: AbortSignal): Promise<Usage> {
  let bytes = 0;
  let inodes = 0;
  for await (const piece of decodeTree(trees.pack(directory, {}, signal))) {
    if (piece.kind === "data" || piece.node.type === "hardLink") continue;
    const length = piece.node.type === "directory" ? blockSize : piece.node.size;
    bytes += Math.ceil(length / blockSize) * blockSize;
    inodes += 1;
  }
  return { bytes, inodes };
}
