import { createIndexBuilder, type IndexBuilder } from "../../erofs/index.ts";
import { createTarReader, type Node, type TarReader, type TreePiece } from "../../tar/index.ts";
import type { SparseFile } from "./sparse-file.ts";
import { createLayerTranslator, type OutlineEntry, type TranslatorOptions } from "./translate.ts";

/** What an archive has besides its files. */
export type ArchiveOutline = { readonly hidesAll: boolean; readonly outline: readonly OutlineEntry[] };

/** Reads the archive of a layer and makes its index, which depends on nothing else. */
export interface ArchiveIndexer {
  /** @throws TAR_ARCHIVE, IMAGE_LAYER_ENTRY, IMAGE_LAYER_LIMIT, EROFS_ENTRY, EROFS_LIMIT; errors of the sparse file */
  push(chunk: Uint8Array): Promise<void>;
  /** After the last piece. @throws TAR_ARCHIVE */
  end(): ArchiveOutline;
  /**
   * The index, in pieces; nothing else can be asked afterwards.
   *
   * @param sizes bytes of the files that data are in: the archive, and if there is one the sparse file
   * @param changed directories of the layer that get other metadata
   */
  write(sizes: readonly number[], changed: readonly Node[]): Iterable<Buffer>;
}

/** @param sparse takes the files that are not in one piece in the archive, in full size */
export function createArchiveIndexer(
  sparse: Pick<SparseFile, "begin" | "write">,
  options: TranslatorOptions,
): ArchiveIndexer {
  const translator = createLayerTranslator(options);
  const reader = createTarReader();
  const builder = createIndexBuilder();
  return {
    async push(chunk) {
      for (const entry of reader.push(chunk)) {
        for (const piece of translator.translate(entry)) {
          const pending = take(piece, { builder, reader, sparse });
          if (pending !== undefined) await pending;
        }
      }
    },
    end() {
      reader.end();
      return { hidesAll: translator.hidesAll(), outline: translator.outline() };
    },
    write(sizes, changed) {
      for (const node of changed) builder.add(node);
      return builder.write(sizes);
    },
  };
}

type Takers = { builder: IndexBuilder; reader: TarReader; sparse: Pick<SparseFile, "begin" | "write"> };

/** Notes a file, and where its data are. Those of sparse files alone are written once more: then a promise is given. */
function take(piece: TreePiece, { builder, reader, sparse }: Takers): Promise<void> | undefined {
  const offset = reader.dataAt();
  if (piece.kind === "data") return offset === undefined ? sparse.write(piece.data) : undefined;
  const { node } = piece;
  if (node.type !== "file") builder.add(node);
  else builder.add(node, offset === undefined ? sparse.begin(node.size) : { device: 0, offset });
  return undefined;
}
