import type { Digest } from "../base/index.ts";
import {
  type Descriptor,
  indexMediaTypes,
  manifestMediaTypes,
  maxManifestSize,
  parseManifestDocument,
} from "../specs/index.ts";
import type { ContentStore } from "./content/content-store.ts";

/** Everything that a manifest or index refers to, directly or not. */
export type Closure = {
  readonly root: Descriptor;
  /** Manifests and indexes, each after all that it refers to; the last one is the root. */
  readonly documents: readonly ClosedDocument[];
  /** Configurations, layers and whatever else is listed, each once. */
  readonly blobs: readonly ClosedBlob[];
  /** What is not in the store, if anything is not; then the lists are not complete. */
  readonly missing: Digest | undefined;
};

export type ClosedDocument = Pick<Descriptor, "mediaType" | "digest" | "size">;
export type ClosedBlob = Pick<Descriptor, "mediaType" | "digest" | "size"> & { readonly isLayer: boolean };

/**
 * What is needed to have a manifest or index whole. Layers that registries do not pass on may be missing.
 * @throws OCI_IMAGE_* and IMAGE_CONTENT_CORRUPT for documents of the store that cannot be read
 */
export async function closureOf(content: ContentStore, root: Descriptor): Promise<Closure> {
  const documents = new Map<Digest, ClosedDocument>();
  const blobs = new Map<Digest, ClosedBlob>();
  let missing: Digest | undefined;

  const visit = async (descriptor: Descriptor): Promise<void> => {
    const { digest, size } = descriptor;
    if (documents.has(digest) || missing !== undefined) return;
    if ((await content.size(digest)) === undefined) {
      missing = digest;
      return;
    }
    const data = await content.load(digest, maxManifestSize);
    const document = parseManifestDocument(data, `manifest ${digest}`, descriptor.mediaType);
    if (document.kind === "index") {
      for (const child of document.index.manifests) {
        if (isDocument(child)) await visit(child);
        else await add(child, false);
      }
    } else {
      await add(document.manifest.config, false);
      for (const layer of document.manifest.layers) await add(layer, true);
    }
    documents.set(digest, { mediaType: document.mediaType, digest, size });
  };

  const add = async ({ mediaType, digest, size }: Descriptor, isLayer: boolean): Promise<void> => {
    const isHere = (await content.size(digest)) !== undefined;
    if (!isHere && !isForeign({ mediaType })) missing ??= digest;
    if (isHere) blobs.set(digest, { mediaType, digest, size, isLayer });
  };

  await visit(root);
  return { root, documents: [...documents.values()], blobs: [...blobs.values()], missing };
}

/** Whether a descriptor is of a manifest or index. */
export function isDocument({ mediaType }: Pick<Descriptor, "mediaType">): boolean {
  return indexMediaTypes.includes(mediaType) || manifestMediaTypes.includes(mediaType);
}

/** Whether a layer is one that registries do not pass on. Source: image-spec v1.1.1, "Non-Distributable Layers" */
export function isForeign({ mediaType }: Pick<Descriptor, "mediaType">): boolean {
  return mediaType.includes(".nondistributable.") || mediaType.includes(".foreign.");
}
