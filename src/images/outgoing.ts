import type { Digest } from "../base/index.ts";
import {
  type Descriptor,
  maxConfigSize,
  maxManifestSize,
  type Platform,
  parseImageConfig,
  parseManifestDocument,
} from "../specs/index.ts";
import { type Closure, closureOf } from "./closure.ts";
import type { ContentStore } from "./content/content-store.ts";
import { imageError } from "./errors.ts";
import type { ImageRecord } from "./image-table.ts";
import { chooseManifest, formatPlatform, noPlatform, runsOn } from "./platform.ts";

/** What leaves the store for an image. */
export type Outgoing = Closure & {
  /** The index that cannot go because images that it lists are not here: one of them goes instead. */
  readonly insteadOf: Descriptor | undefined;
};

export type OutgoingRequest = {
  content: ContentStore;
  record: ImageRecord;
  /** What is done, and the name of the image, for errors: "cannot push NAME". */
  verb: string;
  name: string;
  /** Of an index only the image for this platform. */
  platform?: Platform | undefined;
};

/**
 * What goes out for an image of the store: all that its name stands for, so that digests stay as they are; only one
 * image of an index where a platform is given, or where the others are not here.
 * @throws IMAGE_PLATFORM, IMAGE_INCOMPLETE
 */
export async function outgoing(request: OutgoingRequest): Promise<Outgoing> {
  const { content, record, platform } = request;
  const { manifest, target } = record;
  const root = platform === undefined ? target : await choose(request, platform);
  const whole = await closureOf(content, root);
  if (whole.missing === undefined) return { ...whole, insteadOf: undefined };
  const single = platform === undefined ? await closureOf(content, manifest) : whole;
  if (single.missing !== undefined) throw incomplete(request, single.missing);
  return { ...single, insteadOf: target };
}

async function choose({ content, record, name }: OutgoingRequest, platform: Platform): Promise<Descriptor> {
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

function incomplete({ verb, name }: OutgoingRequest, digest: Digest) {
  return imageError("INCOMPLETE", `cannot ${verb} ${name}: its blob ${digest} is not here`, {
    hint: "pull the image for the platform that you want, or with --all-platforms",
    details: { reference: name },
  });
}
