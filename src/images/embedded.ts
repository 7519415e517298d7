import { type Digest, sha256, TugError } from "../base/index.ts";
import { type Descriptor, type ImageConfig, mediaTypes } from "../specs/index.ts";
import { imageError } from "./errors.ts";
import { removeIfCorrupt } from "./fetch-blob.ts";
import type { ImageStore } from "./image-store.ts";
import type { ImageRecord } from "./image-table.ts";
import { type ImageSource, type InstallerOptions, installImage } from "./install.ts";
import type { Leases } from "./leases.ts";
import { formatReference, type Reference } from "./reference.ts";

/** An image that a program brings along. */
export type EmbeddedImage = {
  reference: Reference;
  /** The configuration without its root file system, which the layers give. */
  config: Omit<ImageConfig, "rootfs">;
  /** Uncompressed archives, the lowest layer first; `writeTar` makes them. */
  layers: readonly Uint8Array[];
};

/** The documents and blobs of an image, by digest. */
export type EmbeddedParts = { manifest: Descriptor; blobs: ReadonlyMap<Digest, Uint8Array> };

/**
 * Puts an image into the store the way that any other takes: every byte is checked against its digest. The same image
 * always gets the same digests. One that is there already costs a look.
 */
export async function importEmbedded(
  options: InstallerOptions & { store: ImageStore; leases: Leases },
  image: EmbeddedImage,
  signal?: AbortSignal,
): Promise<ImageRecord> {
  const name = formatReference(image.reference);
  const { manifest, blobs } = embeddedParts(image);
  using lease = options.leases.temporary();
  const choose = () => {
    throw imageError("CONFIGURATION", `cannot use image ${name}: it is an index`);
  };
  const request = { name, target: manifest, source: memorySource(blobs, name), choose, lease, signal };
  const install = () => installImage(options, request);
  const record = await install().catch(async (error: unknown) => {
    if (!(error instanceof TugError) || error.kind !== "dataLoss") throw error;
    // What is stored is damaged, and these are the right bytes.
    for (const digest of blobs.keys()) {
      if ((await options.content.size(digest)) !== undefined) await removeIfCorrupt(options.content, digest);
    }
    return install();
  });
  await options.store.put([name], record);
  return record;
}

/** The manifest of such an image, and all that belongs to it. */
export function embeddedParts({ config, layers }: EmbeddedImage): EmbeddedParts {
  const blobs = new Map<Digest, Uint8Array>();
  const put = (mediaType: string, data: Uint8Array): Descriptor => {
    const digest = sha256(data);
    blobs.set(digest, data);
    return { mediaType, digest, size: data.length };
  };
  const layerDescriptors = layers.map((data) => put(mediaTypes.layer, data));
  const diffIds = layerDescriptors.map(({ digest }) => digest);
  const whole = { ...config, rootfs: { type: "layers", diff_ids: diffIds } };
  const manifest = put(
    mediaTypes.manifest,
    Buffer.from(
      JSON.stringify({
        schemaVersion: 2,
        mediaType: mediaTypes.manifest,
        config: put(mediaTypes.config, Buffer.from(JSON.stringify(whole))),
        layers: layerDescriptors,
      }),
    ),
  );
  return { manifest, blobs };
}

function memorySource(blobs: EmbeddedParts["blobs"], name: string): ImageSource {
  async function* give(digest: Digest, offset: number): AsyncGenerator<Uint8Array> {
    const data = blobs.get(digest);
    if (data === undefined)
      throw imageError("INCOMPLETE", `cannot use image ${name}: it lacks blob ${digest}`);
    yield data.subarray(offset);
  }
  return {
    manifest: ({ digest }) => give(digest, 0),
    blob: ({ digest }, { offset }) => give(digest, offset),
  };
}
