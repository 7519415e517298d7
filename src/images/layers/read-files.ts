import { type ByteString, createTarReader } from "../../tar/index.ts";
import { imageError } from "../errors.ts";
import { decompress } from "./compression.ts";
import { parentOf } from "./path.ts";
import { createLayerTranslator, type LayerTranslator } from "./translate.ts";
import { isOpaque, isWhiteoutNode } from "./whiteout.ts";

export type ReadFilesOptions = {
  /** Relative to the root of the tree. */
  readonly paths: readonly ByteString[];
  /** The most bytes of one file. */
  readonly limit: number;
  /** Bytes of the blob. */
  readonly blobSize: number;
};

/**
 * What one layer has to say about some files: their bytes; undefined for a path that it hides from the layers below, or
 * at which it has something other than a regular file. A path that it leaves as it is below is not in the answer.
 *
 * @throws IMAGE_COMPRESSION, TAR_ARCHIVE, IMAGE_LAYER_ENTRY, IMAGE_LAYER_LIMIT
 */
export async function readLayerFiles(
  blob: AsyncIterable<Uint8Array>,
  { paths, limit, blobSize }: ReadFilesOptions,
): Promise<ReadonlyMap<ByteString, Buffer | undefined>> {
  const translator = createLayerTranslator({ blobSize });
  const reader = createTarReader();
  const parts = new Map<ByteString, Buffer[] | undefined>();
  let current: Buffer[] | undefined;
  for await (const chunk of decompress(blob)) {
    for (const entry of reader.push(chunk)) {
      for (const piece of translator.translate(entry)) {
        if (piece.kind === "data") {
          current?.push(Buffer.from(piece.data));
          continue;
        }
        const { path, type, size } = piece.node;
        current = undefined;
        if (!paths.includes(path)) continue;
        if (size > limit) throw tooLarge(path, size);
        current = type === "file" ? [] : undefined;
        parts.set(path, current);
      }
    }
  }
  reader.end();
  const files = new Map([...parts].map(([path, data]) => [path, data && Buffer.concat(data)] as const));
  for (const path of paths) if (!files.has(path) && hides(translator, path)) files.set(path, undefined);
  return files;
}

/** Whether a path of a lower layer does not show through a layer that does not have it. */
function hides(translator: LayerTranslator, path: ByteString): boolean {
  if (translator.hidesAll()) return true;
  const above = new Set<ByteString>();
  for (let directory = parentOf(path); directory !== ""; directory = parentOf(directory))
    above.add(directory);
  return translator.outline().some(({ node }) => {
    if (isWhiteoutNode(node)) return node.path === path || above.has(node.path);
    return isOpaque(node) && above.has(node.path);
  });
}

function tooLarge(path: ByteString, size: number) {
  return imageError("LAYER_LIMIT", `cannot read /${path} of a layer: it has ${size} bytes`);
}
