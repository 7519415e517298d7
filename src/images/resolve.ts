import type { Digest } from "../base/index.ts";
import { type Descriptor, maxManifestSize, type Platform, parseManifestDocument } from "../specs/index.ts";
import type { ContentStore } from "./content/content-store.ts";
import { imageError } from "./errors.ts";
import { type Image, type ImageStore, notFound } from "./image-store.ts";
import type { ImageRecord } from "./image-table.ts";
import { type InstallerOptions, installImage, noSource } from "./install.ts";
import type { Leases } from "./leases.ts";
import { chooseManifest, formatPlatform, noPlatform, runsOn } from "./platform.ts";
import type { Snapshotter } from "./snapshots/snapshotter.ts";

export type ResolverOptions = InstallerOptions & {
  store: ImageStore;
  snapshotter: Snapshotter;
  leases: Leases;
};

/**
 * The image of a query, for a platform if one is given, with its layers unpacked. Layers that are only in the content
 * store are unpacked now.
 * @throws IMAGE_NOT_FOUND, IMAGE_PLATFORM
 */
export async function resolveImage(
  options: ResolverOptions,
  query: string,
  platform?: Platform,
): Promise<Image> {
  const found = options.store.find(query);
  if (found === undefined) throw notFound(query);
  return await resolveFound(options, { query, found, platform });
}

/** The same of what has been found. @throws IMAGE_PLATFORM */
export async function resolveFound(
  options: ResolverOptions,
  { query, found, platform }: { query: string; found: ImageRecord; platform: Platform | undefined },
): Promise<Image> {
  const { store, snapshotter } = options;
  const image = await store.read(found);
  if (platform !== undefined && !runsOn(image.config, platform)) {
    return await resolveOther(options, { query, image, platform });
  }
  if (image.chainIds.every((key) => snapshotter.info(key) !== undefined)) return image;
  await unpack(options, query, image.manifest);
  return await store.read(found);
}

/** Another image of the index that the name stands for, if it is here as well. */
async function resolveOther(
  options: ResolverOptions,
  { query, image, platform }: { query: string; image: Image; platform: Platform },
): Promise<Image> {
  const { content, store } = options;
  const { target, config } = image;
  const own = noPlatform(query, platform, [formatPlatform(config)]);
  if (target.digest === image.manifest.digest || (await content.size(target.digest)) === undefined) throw own;
  const data = await content.load(target.digest, maxManifestSize);
  const document = parseManifestDocument(data, `index ${target.digest}`, target.mediaType);
  if (document.kind !== "index") throw own;
  const descriptor = chooseManifest(document.index, platform, query);
  if (!(await isComplete(content, descriptor.digest))) throw own;
  const record = await unpack(options, query, descriptor);
  return await store.read({ ...record, target });
}

async function isComplete(content: ContentStore, digest: Digest): Promise<boolean> {
  if ((await content.size(digest)) === undefined) return false;
  const document = parseManifestDocument(await content.load(digest, maxManifestSize), `manifest ${digest}`);
  if (document.kind !== "manifest") return false;
  const sizes = [document.manifest.config, ...document.manifest.layers].map((each) =>
    content.size(each.digest),
  );
  return (await Promise.all(sizes)).every((size) => size !== undefined);
}

async function unpack(options: ResolverOptions, name: string, target: Descriptor): Promise<ImageRecord> {
  using lease = options.leases.temporary();
  const choose = () => {
    throw imageError("CONFIGURATION", `cannot use image ${name}: an index is where a manifest should be`);
  };
  return await installImage(options, { name, target, source: noSource(name), choose, lease });
}
