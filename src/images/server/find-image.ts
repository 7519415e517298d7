import { type Digest, type ErrorKind, TugError } from "../../base/index.ts";
import {
  type Descriptor,
  type Index,
  maxConfigSize,
  maxManifestSize,
  parseImageConfig,
  parseManifestDocument,
} from "../../specs/index.ts";
import type { ContentStore } from "../content/content-store.ts";
import type { ImageRecord } from "../image-table.ts";
import { checkFit } from "../install.ts";
import { chooseManifest, hostPlatform } from "../platform.ts";

/** Failures that say that a document is of another kind, or lacks something. */
const noImage: readonly ErrorKind[] = ["invalid", "notFound", "notImplemented"];

/** How many indexes may be inside one another. */
const maxNesting = 4;

/**
 * The image of a manifest or index that is in the store with all that it lists: of an index the one for this machine,
 * or else any. Undefined where there is none that a container could be made from.
 */
export async function findImage(
  { content }: { content: ContentStore },
  target: Descriptor,
): Promise<ImageRecord | undefined> {
  try {
    return await findOrThrow(content, target);
  } catch (error) {
    if (error instanceof TugError && noImage.includes(error.kind)) return undefined;
    throw error;
  }
}

async function findOrThrow(content: ContentStore, target: Descriptor): Promise<ImageRecord | undefined> {
  let { mediaType, digest, size } = target;
  for (let nesting = 0; nesting < maxNesting; nesting += 1) {
    const name = `manifest ${digest}`;
    const document = parseManifestDocument(await content.load(digest, maxManifestSize), name, mediaType);
    if (document.kind === "index") {
      ({ mediaType, digest, size } = choose(document.index, name));
      continue;
    }
    const { config } = document.manifest;
    if (!isId(config.digest) || config.size > maxConfigSize) return undefined;
    const data = await content.load(config.digest, maxConfigSize);
    checkFit(name, document.manifest, parseImageConfig(data, `configuration ${config.digest}`));
    return { id: config.digest, manifest: { mediaType, digest, size }, target };
  }
  return undefined;
}

/** Those for other machines are images of this store too. */
function choose(index: Index, name: string): Descriptor {
  return chooseManifest(index, hostPlatform(), name, { orElse: true });
}

/** Ids of images are of sha256 everywhere. */
function isId(digest: Digest): boolean {
  return digest.startsWith("sha256:");
}
