import { createHash, type Hash } from "node:crypto";
import { type ByteString, createTarReader, type Node } from "../../tar/index.ts";
import { imageError } from "../errors.ts";
import { decompress } from "../layers/compression.ts";
import { createLayerTranslator } from "../layers/translate.ts";

/**
 * A file of a layer; `content` is the digest of its bytes, where it was asked for. A directory that the layer has only by
 * the names in it is `implied`: where there is one already, that is not changed.
 */
export type Listed = { readonly node: Node; content: string | undefined; readonly implied?: boolean };

export type ListingOptions = {
  /** Bytes of the blob. */
  readonly blobSize: number;
  /** The files whose bytes are digested. */
  readonly isWanted: (path: ByteString) => boolean;
};

/** More files than this are not compared. */
const maxFiles = 2_000_000;

/**
 * The files of a layer in the order of its archive, as an overlay would have them: whiteouts are device nodes, opaque
 * directories have an attribute.
 * @throws IMAGE_COMPRESSION, TAR_ARCHIVE, IMAGE_LAYER_ENTRY, IMAGE_LAYER_LIMIT
 */
export async function listLayer(
  blob: AsyncIterable<Uint8Array>,
  { blobSize, isWanted }: ListingOptions,
): Promise<Listed[]> {
  const translator = createLayerTranslator({ blobSize });
  const reader = createTarReader();
  const files: Listed[] = [];
  let open: { file: Listed; hash: Hash } | undefined;
  const close = () => {
    if (open !== undefined) open.file.content = open.hash.digest("hex");
    open = undefined;
  };
  for await (const chunk of decompress(blob)) {
    for (const entry of reader.push(chunk)) {
      for (const piece of translator.translate(entry)) {
        if (piece.kind === "data") {
          open?.hash.update(piece.data);
          continue;
        }
        close();
        const file: Listed = { node: piece.node, content: undefined };
        files.push(file);
        if (files.length > maxFiles)
          throw imageError("LAYER_LIMIT", `cannot compare images: more than ${maxFiles} files in a layer`);
        if (piece.node.type === "file" && isWanted(piece.node.path))
          open = { file, hash: createHash("sha256") };
      }
    }
  }
  close();
  reader.end();
  const implied = new Set(translator.outline().flatMap((entry) => (entry.implied ? [entry.node.path] : [])));
  const isImplied = ({ type, path }: Node) => type === "directory" && implied.has(path);
  return files.map((file) => (isImplied(file.node) ? { ...file, implied: true } : file));
}
