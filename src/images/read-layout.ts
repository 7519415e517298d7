import { open, readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { type Digest, errnoOf, splitDigest } from "../base/index.ts";
import {
  type Descriptor,
  type Manifest,
  maxConfigSize,
  type Platform,
  parseImageConfig,
  parseIndex,
} from "../specs/index.ts";
import type { ByteString } from "../tar/index.ts";
import { nameInLayout } from "./archive/names.ts";
import type { ContentStore } from "./content/content-store.ts";
import { blobNotFound } from "./content/layout-store.ts";
import { loadBlob } from "./content/load-blob.ts";
import { readChunks } from "./content/read-chunks.ts";
import { type EmbeddedImage, embeddedParts } from "./embedded.ts";
import { type Image, loadManifest, notFound } from "./image-store.ts";
import { chainIds } from "./layers/chain-id.ts";
import { readLayerFiles } from "./layers/read-files.ts";
import { formatPlatform, noPlatform, runsOn } from "./platform.ts";
import { formatReference, parseReference, type ReferenceOptions } from "./reference.ts";

/** What is known of an image without unpacking it. */
export type LayoutImage = Pick<Image, "id" | "manifest" | "config" | "layers" | "chainIds">;

/** Images of a store that belongs to another process: nothing is written, locked or unpacked. */
export interface LayoutImages {
  /** @throws IMAGE_NOT_FOUND, IMAGE_REFERENCE, IMAGE_PLATFORM */
  resolve(query: string, platform?: Platform): Promise<LayoutImage>;
  /**
   * Regular files of an image, by the paths asked for: relative to its root, without links on the way. One that is absent
   * is left out.
   */
  readFiles(image: LayoutImage, paths: readonly ByteString[]): Promise<ReadonlyMap<ByteString, Buffer>>;
}

export type ReadLayoutOptions = {
  /** Directory of an OCI image layout; one that is not there, or may not be read, holds no image. */
  readonly directory: string;
  /** Images that are there anyway. */
  readonly embedded: readonly EmbeddedImage[];
};

/** The most bytes that a file may have that is read out of an image. */
const maxFileSize = 1024 * 1024;

type Named = { readonly descriptor: Descriptor; readonly name: string | undefined };
type Blobs = Pick<ContentStore, "load" | "read">;

/** Reads images out of the content store of an engine, which need not run. */
export async function readLayoutImages({ directory, embedded }: ReadLayoutOptions): Promise<LayoutImages> {
  const references = { embedded: embedded.map(({ reference }) => reference.path) };
  const brought = embedded.map((image) => ({
    name: formatReference(image.reference),
    ...embeddedParts(image),
  }));
  const blobs = openBlobs(directory, new Map(brought.flatMap((image) => [...image.blobs])));
  const listed: Named[] = [
    ...brought.map(({ name, manifest }) => ({ name, descriptor: manifest })),
    ...(await readIndex(directory, references)),
  ];
  return {
    async resolve(query, platform) {
      const image = await find(listed, { query, blobs, references });
      if (image === undefined) throw notFound(query);
      if (platform === undefined || runsOn(image.config, platform)) return image;
      throw noPlatform(query, platform, [formatPlatform(image.config)]);
    },
    readFiles: (image, paths) => readFiles(blobs, image, paths),
  };
}

/** Names go first, as in the store itself; then the ids that begin like the query. */
async function find(
  listed: readonly Named[],
  { query, blobs, references }: { query: string; blobs: Blobs; references: ReferenceOptions },
): Promise<LayoutImage | undefined> {
  const id = /^(?:sha256:)?([0-9a-f]{1,64})$/.exec(query)?.[1];
  const isId = id !== undefined && (query.startsWith("sha256:") || id.length === 64);
  const name = isId ? undefined : formatReference(parseReference(query, references));
  const named = listed.find((each) => each.name !== undefined && each.name === name);
  if (named !== undefined) return readImage(blobs, named.descriptor);
  if (id === undefined) return undefined;
  for (const { descriptor } of listed) {
    const image = await readImage(blobs, descriptor);
    if (image.id.startsWith(`sha256:${id}`)) return image;
  }
  return undefined;
}

async function readImage(blobs: Blobs, descriptor: Descriptor): Promise<LayoutImage> {
  const { config, layers }: Manifest = await loadManifest(blobs, descriptor);
  const parsed = parseImageConfig(
    await blobs.load(config.digest, maxConfigSize),
    `configuration ${config.digest}`,
  );
  return {
    id: config.digest,
    manifest: descriptor,
    config: parsed,
    layers,
    chainIds: chainIds(parsed.rootfs.diff_ids),
  };
}

async function readFiles(
  blobs: Blobs,
  image: LayoutImage,
  paths: readonly ByteString[],
): Promise<ReadonlyMap<ByteString, Buffer>> {
  const found = new Map<ByteString, Buffer>();
  let wanted = paths;
  for (const { digest, size } of image.layers.toReversed()) {
    if (wanted.length === 0) break;
    const files = await readLayerFiles(blobs.read(digest), {
      paths: wanted,
      limit: maxFileSize,
      blobSize: size,
    });
    for (const [path, data] of files) if (data !== undefined) found.set(path, data);
    wanted = wanted.filter((path) => !files.has(path));
  }
  return found;
}

async function readIndex(directory: string, references: ReferenceOptions): Promise<Named[]> {
  const path = join(directory, "index.json");
  try {
    const { manifests } = parseIndex(await readFile(path), path);
    return manifests.map((descriptor) => ({ descriptor, name: nameInLayout(descriptor, references) }));
  } catch (error) {
    if (["ENOENT", "ENOTDIR", "EACCES"].includes(errnoOf(error) ?? "")) return [];
    throw error;
  }
}

/** Blobs of a layout, and others that are in memory. */
function openBlobs(directory: string, memory: ReadonlyMap<Digest, Uint8Array>): Blobs {
  const pathOf = (digest: Digest): string => {
    const { algorithm, hex } = splitDigest(digest);
    return join(directory, "blobs", algorithm, hex);
  };
  const size = async (digest: Digest): Promise<number> =>
    memory.get(digest)?.length ?? (await found(digest, stat(pathOf(digest)))).size;
  async function* read(digest: Digest): AsyncGenerator<Uint8Array> {
    const data = memory.get(digest);
    if (data !== undefined) return yield data;
    await using file = await found(digest, open(pathOf(digest)));
    yield* readChunks(file);
  }
  return { read, load: (digest, limit) => loadBlob({ digest, limit, size, read }) };
}

/** The owner of the layout may remove an image at any time. */
function found<T>(digest: Digest, looking: Promise<T>): Promise<T> {
  return looking.catch((error: unknown) => {
    throw errnoOf(error) === "ENOENT" ? blobNotFound(digest) : error;
  });
}
