import type { Digest } from "../base/index.ts";
import {
  annotations,
  configMediaTypes,
  type Descriptor,
  maxConfigSize,
  maxManifestSize,
  type Platform,
  parseImageConfig,
  parseManifestDocument,
} from "../specs/index.ts";
import { isDocument } from "./closure.ts";
import type { ContentStore } from "./content/content-store.ts";
import { imageError } from "./errors.ts";
import type { Image } from "./image-store.ts";
import { chainIds } from "./layers/chain-id.ts";
import type { Snapshotter } from "./snapshots/snapshotter.ts";

/** A manifest, index or blob, what is known of it, and what it refers to. */
export type TreeOfImage = {
  readonly kind: "index" | "image" | "artifact" | "config" | "layer" | "blob";
  readonly mediaType: string;
  readonly digest: Digest;
  readonly size: number;
  readonly platform?: Platform | undefined;
  /** What it is about, for a statement about an image. */
  readonly about?: string | undefined;
  /** Whether its bytes are in the store. */
  readonly isHere: boolean;
  /** Of a layer: whether it is unpacked. */
  readonly isUnpacked?: boolean;
  readonly children: readonly TreeOfImage[];
};

/** An honest image has some hundred. Indexes that list each other more than once have as many as they like. */
const MOST_PARTS = 10_000;

/**
 * All that an image's name stands for, down to the layers. What is not here is told by its descriptor alone.
 *
 * @throws IMAGE_CONFIGURATION for one without end, OCI_IMAGE_*, IMAGE_CONTENT_*
 */
export async function treeOfImage(
  { content, snapshotter }: { content: ContentStore; snapshotter: Snapshotter },
  { id, target, manifest }: Pick<Image, "id" | "target" | "manifest">,
): Promise<TreeOfImage> {
  let parts = 0;
  const visit = async (descriptor: Descriptor, kind: TreeOfImage["kind"]): Promise<TreeOfImage> => {
    const { mediaType, digest, size, platform } = descriptor;
    parts += 1;
    if (parts > MOST_PARTS)
      throw imageError("CONFIGURATION", `cannot show image ${id}: it has more than ${MOST_PARTS} parts`);
    const isHere = (await content.size(digest)) !== undefined;
    const about = descriptor.annotations?.[annotations.referenceType];
    const known = { mediaType, digest, size, platform, about, isHere };
    if (!isDocument(descriptor)) return { ...known, kind, children: [] };
    if (!isHere) return { ...known, kind: "image", children: [] };
    const document = parseManifestDocument(
      await content.load(digest, maxManifestSize),
      `manifest ${digest}`,
      mediaType,
    );
    if (document.kind === "index") {
      const children: TreeOfImage[] = [];
      for (const child of document.index.manifests) children.push(await visit(child, "blob"));
      return { ...known, kind: "index", children };
    }
    const { config, layers } = document.manifest;
    const isImage = configMediaTypes.includes(config.mediaType) && about === undefined;
    const unpacked = isImage ? await unpackedLayers(config.digest) : [];
    const children = [await visit(config, "config")];
    for (const [index, layer] of layers.entries()) {
      const child = await visit(layer, isImage ? "layer" : "blob");
      children.push(isImage ? { ...child, isUnpacked: unpacked[index] ?? false } : child);
    }
    return { ...known, kind: isImage ? "image" : "artifact", children };
  };

  const unpackedLayers = async (config: Digest): Promise<boolean[]> => {
    if ((await content.size(config)) === undefined) return [];
    const { rootfs } = parseImageConfig(await content.load(config, maxConfigSize), `configuration ${config}`);
    return chainIds(rootfs.diff_ids).map((key) => snapshotter.info(key) !== undefined);
  };

  const root = (await content.size(target.digest)) === undefined ? manifest : target;
  return await visit(root, "image");
}
