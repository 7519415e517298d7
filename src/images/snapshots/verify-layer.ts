import { createHash, type Hash } from "node:crypto";
import { type FileHandle, open, readFile } from "node:fs/promises";
import { join } from "node:path";
import { type Digest, ifThere, sha256, splitDigest, TugError } from "../../base/index.ts";
import { blockSize } from "../../erofs/index.ts";
import { readChunks } from "../content/read-chunks.ts";
import { type ArchiveOutline, createArchiveIndexer } from "../layers/archive-indexer.ts";
import { compareSparseFile } from "../layers/compare-sparse-file.ts";
import { layerFiles } from "../layers/index-layer.ts";
import { encodeOutline, inherit, outlineName } from "./settle-layer.ts";

/** A layer of the form `erofs` in its snapshot. */
export type KeptLayer = {
  /** Its chain id. */
  readonly key: Digest;
  readonly parent: Digest | undefined;
  /** Its directory, and those of what it stands on, the topmost first. */
  readonly places: readonly string[];
};

export type VerifyLayerOptions = {
  /** Told of bytes of the archive that were read. */
  readonly onRead: (bytes: number) => void;
  /** Whether what is kept beside the archive can be judged: it depends on the layers below. */
  readonly isGroundSound: boolean;
  readonly signal: AbortSignal | undefined;
};

/**
 * Compares the archive of a layer with the digest that the layer's name is made of, and all that is kept beside it with
 * what comes out when the archive is read once more.
 *
 * @returns why the layer is damaged, as the rest of a sentence, or undefined
 * @throws errors of the disk, also where files are missing
 */
export async function verifyLayer(
  layer: KeptLayer,
  { onRead, isGroundSound, signal }: VerifyLayerOptions,
): Promise<string | undefined> {
  const [place = "", ...lowers] = layer.places;
  await using archive = await open(join(place, layerFiles.archive));
  const { size } = await archive.stat();
  if (!(await isArchiveOf(layer, { archive, size, onRead, signal }))) return "its archive has another digest";
  if (!isGroundSound) return undefined;
  await using sparse = compareSparseFile(join(place, layerFiles.sparse));
  // The archive is that of an image that came in, so that there is nothing to protect from.
  const indexer = createArchiveIndexer(sparse, {});
  for await (const chunk of readChunks(archive, { end: size, signal })) await indexer.push(chunk);
  const outline = indexer.end();
  const sparseSizes = await sparse.end();
  if (sparseSizes === undefined) return "its sparse files are not those of its archive";
  const inherited = await inheritedFrom(lowers, outline);
  if (inherited === undefined) return "what is kept of a layer below cannot be read";
  const kept = await ifThere(readFile(join(place, outlineName)));
  if (!kept?.equals(encodeOutline(outline.outline, inherited)))
    return "its outline is not that of its archive";
  const index = indexer.write([size, ...sparseSizes], inherited);
  return (await hasBytes(join(place, layerFiles.index), index))
    ? undefined
    : "its index is not that of its archive";
}

type Archive = Omit<VerifyLayerOptions, "isGroundSound"> & {
  readonly archive: FileHandle;
  readonly size: number;
};

/** The archive ends with zeros up to a whole block, which are not part of it; most have none. */
async function isArchiveOf(layer: KeptLayer, { archive, size, onRead, signal }: Archive): Promise<boolean> {
  if (size % blockSize !== 0) return false;
  const before = Math.max(size - blockSize, 0);
  // The name of a layer on others does not tell what algorithm its own digest has; all but a few have the first.
  const algorithms = layer.parent === undefined ? [splitDigest(layer.key).algorithm] : ["sha256", "sha512"];
  for (const [attempt, algorithm] of algorithms.entries()) {
    const hash = createHash(algorithm);
    for await (const chunk of readChunks(archive, { end: before, signal })) {
      hash.update(chunk);
      if (attempt === 0) onRead(chunk.length);
    }
    const last = Buffer.alloc(size - before);
    await archive.read(last, 0, last.length, before);
    if (attempt === 0) onRead(last.length);
    if (isEndOf(layer, { hash, algorithm, last })) return true;
  }
  return false;
}

type End = { readonly hash: Hash; readonly algorithm: string; readonly last: Buffer };

/** Whether the last block makes the archive whole, with or without the zeros at its end. */
function isEndOf({ key, parent }: KeptLayer, { hash, algorithm, last }: End): boolean {
  for (let length = last.length; length >= 0; length -= 1) {
    const hex = hash.copy().update(last.subarray(0, length)).digest("hex");
    const diffId = `${algorithm}:${hex}` as Digest;
    if (key === (parent === undefined ? diffId : sha256(`${parent} ${diffId}`))) return true;
    if (last[length - 1] !== 0) return false;
  }
  return false;
}

async function inheritedFrom(lowers: readonly string[], { outline }: ArchiveOutline) {
  try {
    return await inherit(outline, lowers);
  } catch (error) {
    if (error instanceof TugError) return undefined;
    throw error;
  }
}

async function hasBytes(path: string, pieces: Iterable<Buffer>): Promise<boolean> {
  await using file = await open(path);
  let position = 0;
  for (const piece of pieces) {
    const found = Buffer.alloc(piece.length);
    const { bytesRead } = await file.read(found, 0, found.length, position);
    if (bytesRead !== piece.length || !found.equals(piece)) return false;
    position += piece.length;
  }
  return (await file.stat()).size === position;
}
