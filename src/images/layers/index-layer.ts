import { open, stat } from "node:fs/promises";
import { join } from "node:path";
import type { Digest } from "../../base/index.ts";
import { blockSize } from "../../erofs/index.ts";
import type { Node } from "../../tar/index.ts";
import { createFileWriter } from "../file-writer.ts";
import { createLimiter, type Limiter } from "../limiter.ts";
import { type ArchiveIndexer, createArchiveIndexer } from "./archive-indexer.ts";
import { decompress } from "./compression.ts";
import { createLayerCheck } from "./layer-check.ts";
import type { LayerLimits } from "./limits.ts";
import { createSparseFile } from "./sparse-file.ts";
import type { OutlineEntry, Usage } from "./translate.ts";

export type IndexLayerOptions = {
  /** An existing directory without the files of `layerFiles`. */
  directory: string;
  /** What the layer's archive must turn out to be. */
  diffId: Digest;
  /** Bytes of the blob. */
  blobSize: number;
  /** false: the disk is not waited for. */
  durable?: boolean;
  limits?: LayerLimits;
  /** For waiting for the disk, one at a time; by default this layer waits alone. */
  turn?: Limiter;
  signal?: AbortSignal | undefined;
};

/** A layer whose archive is kept. */
export type IndexedLayer = {
  hidesAll: boolean;
  outline: readonly OutlineEntry[];
  /**
   * Writes the index, which can be mounted then.
   *
   * @param changed directories of the layer that get other metadata
   * @returns what all files of the layer take on the disk
   */
  complete(changed: readonly Node[]): Promise<Usage>;
};

/** What a directory of an indexed layer has. */
export const layerFiles = {
  index: "index.erofs",
  /** The uncompressed archive, as it came. */
  archive: "layer.tar",
  /** The sparse files of the archive in their full size; only where it has some. */
  sparse: "sparse",
} as const;

/**
 * Decompresses and checks the blob of a layer in one pass and keeps its archive, for an index that points into it. No
 * file of the layer is made. The source is read to its end.
 *
 * @throws IMAGE_DIFF_ID, IMAGE_COMPRESSION, TAR_ARCHIVE, IMAGE_LAYER_ENTRY, IMAGE_LAYER_LIMIT, EROFS_ENTRY, EROFS_LIMIT;
 *   errors of the source and of the disk as they are
 */
export async function indexLayer(
  blob: AsyncIterable<Uint8Array>,
  { directory, diffId, blobSize, durable = true, limits, turn = createLimiter(1), signal }: IndexLayerOptions,
): Promise<IndexedLayer> {
  const check = createLayerCheck({ diffId, blobSize, limits });
  await using archive = await open(join(directory, layerFiles.archive), "wx", 0o600);
  await using sparse = createSparseFile(join(directory, layerFiles.sparse));
  const writer = createFileWriter(archive, { turn: durable ? turn : undefined });
  const indexer = createArchiveIndexer(sparse, { blobSize, ...(limits !== undefined && { limits }) });
  for await (const chunk of decompress(blob, { brief: true })) {
    signal?.throwIfAborted();
    check.update(chunk);
    await writer.write(chunk);
    await indexer.push(chunk);
  }
  const { hidesAll, outline } = indexer.end();
  check.end();
  // An index points at whole blocks.
  await writer.write(Buffer.alloc((blockSize - (writer.size % blockSize)) % blockSize));
  await writer.end();
  const sizes = [writer.size, ...(await sparse.end())];
  const complete = (changed: readonly Node[]) =>
    writeIndex(directory, { indexer, sizes, changed, turn: durable ? turn : undefined });
  return { hidesAll, outline, complete };
}

type Index = {
  indexer: ArchiveIndexer;
  sizes: readonly number[];
  changed: readonly Node[];
  turn: Limiter | undefined;
};

async function writeIndex(directory: string, { indexer, sizes, changed, ...options }: Index): Promise<Usage> {
  await using file = await open(join(directory, layerFiles.index), "wx", 0o600);
  const writer = createFileWriter(file, options);
  for (const piece of indexer.write(sizes, changed)) await writer.write(piece);
  await writer.end();
  return await usageOf(directory, Object.values(layerFiles).slice(0, 1 + sizes.length));
}

/** What files take on the disk; each block of a file that stat(2) counts has 512 bytes. */
async function usageOf(directory: string, names: readonly string[]): Promise<Usage> {
  const found = await Promise.all(names.map((name) => stat(join(directory, name))));
  return { bytes: found.reduce((sum, { blocks }) => sum + blocks * 512, 0), inodes: found.length };
}
