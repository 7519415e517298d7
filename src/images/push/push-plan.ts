import type { Digest } from "../../base/index.ts";
import {
  type Descriptor,
  indexMediaTypes,
  manifestMediaTypes,
  maxConfigSize,
  maxManifestSize,
  type Platform,
  parseImageConfig,
  parseManifestDocument,
} from "../../specs/index.ts";
import type { ContentStore } from "../content/content-store.ts";
import { imageError } from "../errors.ts";
import type { ImageRecord } from "../image-table.ts";
import { chooseManifest, formatPlatform, noPlatform, runsOn } from "../platform.ts";

/** What must be sent for an image, and in which order. */
export type PushPlan = {
  /** Manifests and indexes, each after all that it refers to; the last one gets the tag. */
  readonly documents: readonly PushedDocument[];
  /** Configurations and layers, each once. */
  readonly blobs: readonly PushedBlob[];
  /** The index that cannot be sent because images that it lists are not here. */
  readonly insteadOf: Descriptor | undefined;
};

export type PushedDocument = Pick<Descriptor, "mediaType" | "digest" | "size">;
export type PushedBlob = Descriptor & { readonly isLayer: boolean };

export type PushSource = {
  content: ContentStore;
  record: ImageRecord;
  /** Name of the image for errors. */
  name: string;
  /** Of an index only the image for this platform. */
  platform?: Platform | undefined;
};

/**
 * What to send for an image of the store: all that its name stands for, so that digests stay as they are; only one
 * image of an index where a platform is given, or where the others are not here.
 * @throws IMAGE_PLATFORM, IMAGE_INCOMPLETE
 */
export async function planPush(source: PushSource): Promise<PushPlan> {
  const { content, record, platform } = source;
  const { manifest, target } = record;
  const chosen = platform === undefined ? target : await choose(source, platform);
  const whole = await collect(content, chosen);
  if (whole.missing === undefined) return { ...whole, insteadOf: undefined };
  const single = platform === undefined ? await collect(content, manifest) : whole;
  if (single.missing !== undefined) throw incomplete(source.name, single.missing);
  return { ...single, insteadOf: target };
}

type Collected = { documents: PushedDocument[]; blobs: PushedBlob[]; missing: Digest | undefined };

async function collect(content: ContentStore, root: Descriptor): Promise<Collected> {
  const documents = new Map<Digest, PushedDocument>();
  const blobs = new Map<Digest, PushedBlob>();
  let missing: Digest | undefined;
  const visit = async (descriptor: Descriptor): Promise<void> => {
    if (documents.has(descriptor.digest) || missing !== undefined) return;
    const { digest, size } = descriptor;
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
  const add = async (blob: Descriptor, isLayer: boolean): Promise<void> => {
    if (isForeign(blob)) return;
    if ((await content.size(blob.digest)) === undefined) missing ??= blob.digest;
    blobs.set(blob.digest, { ...blob, isLayer });
  };
  await visit(root);
  return { documents: [...documents.values()], blobs: [...blobs.values()], missing };
}

function isDocument({ mediaType }: Descriptor): boolean {
  return indexMediaTypes.includes(mediaType) || manifestMediaTypes.includes(mediaType);
}

/** Layers that registries do not pass on. Source: image-spec v1.1.1, layer.md, "Non-Distributable Layers" */
function isForeign({ mediaType }: Descriptor): boolean {
  return mediaType.includes(".nondistributable.") || mediaType.includes(".foreign.");
}

async function choose({ content, record, name }: PushSource, platform: Platform): Promise<Descriptor> {
  const { manifest, target } = record;
  if ((await content.size(target.digest)) !== undefined) {
    const data = await content.load(target.digest, maxManifestSize);
    const document = parseManifestDocument(data, `manifest ${target.digest}`, target.mediaType);
    if (document.kind === "index") return chooseManifest(document.index, platform, name);
  }
  const config = parseImageConfig(await content.load(record.id, maxConfigSize), `configuration ${record.id}`);
  if (!runsOn(config, platform)) throw noPlatform(name, platform, [formatPlatform(config)]);
  return manifest;
}

function incomplete(name: string, digest: Digest) {
  return imageError("INCOMPLETE", `cannot push ${name}: its blob ${digest} is not here`, {
    hint: "pull the image for the platform that you want to push",
    details: { reference: name },
  });
}
