import { type Digest, isDigest } from "../../base/index.ts";
import { type Descriptor, maxManifestSize, parseManifestDocument } from "../../specs/index.ts";
import { isDocument } from "../closure.ts";
import type { ContentStore } from "../content/content-store.ts";
import { isNoDocument } from "../no-document.ts";

/** What a registry has to know of a manifest or index. */
export type KnownDocument = {
  readonly mediaType: string;
  /** What it lists: configuration and layers, or the manifests of an index. */
  readonly children: readonly Descriptor[];
  readonly subject: Digest | undefined;
  /** The type under which it is listed as a referrer. */
  readonly artifactType: string | undefined;
  readonly annotations: Readonly<Record<string, string>> | undefined;
};

/** Manifests and indexes of the store, read once. */
export interface Documents {
  /**
   * Undefined where it is not in the store, or is none, whatever lists it as one; one that has gone since it was read may still
   * be known. @throws IMAGE_CONTENT_*
   */
  read(digest: Digest, mediaType: string): Promise<KnownDocument | undefined>;
}

/** So many small documents are remembered; larger ones are read again. */
const most = 4096;
const small = 64 * 1024;

export function createDocuments(content: ContentStore): Documents {
  const known = new Map<string, KnownDocument>();
  return {
    async read(digest, mediaType) {
      const key = `${digest} ${mediaType}`;
      const before = known.get(key);
      if (before !== undefined) return before;
      const size = await content.size(digest);
      if (size === undefined) return undefined;
      const document = await readIfOne(content, { digest, mediaType });
      if (document === undefined || size > small) return document;
      known.set(key, document);
      const [oldest] = known.keys();
      if (known.size > most && oldest !== undefined) known.delete(oldest);
      return document;
    },
  };
}

async function readIfOne(
  content: ContentStore,
  called: Pick<Descriptor, "digest" | "mediaType">,
): Promise<KnownDocument | undefined> {
  try {
    return parseKnown(await content.load(called.digest, maxManifestSize), called);
  } catch (error) {
    if (isNoDocument(error)) return undefined;
    throw error;
  }
}

/**
 * Reads a manifest or index for what a registry has to know.
 * Source: distribution-spec v1.1.1, "Listing Referrers", for the type of an artifact
 * @throws OCI_IMAGE_JSON, OCI_IMAGE_INVALID, OCI_IMAGE_UNSUPPORTED
 */
export function parseKnown(
  data: Uint8Array,
  { digest, mediaType }: Pick<Descriptor, "digest" | "mediaType">,
): KnownDocument {
  const document = parseManifestDocument(data, `manifest ${digest}`, mediaType);
  const about = document.kind === "index" ? document.index : document.manifest;
  const children =
    document.kind === "index"
      ? document.index.manifests
      : [document.manifest.config, ...document.manifest.layers];
  const config = document.kind === "index" ? undefined : document.manifest.config.mediaType;
  return {
    mediaType: document.mediaType,
    children,
    subject: about.subject?.digest,
    artifactType: about.artifactType || config,
    annotations: about.annotations,
  };
}

/** A manifest, index or blob that another document, or a name, refers to. */
export type Member = Pick<Descriptor, "mediaType" | "digest" | "size">;

/**
 * Everything that some documents refer to, directly or not, and they themselves, each once for every type that it is called by:
 * what is a layer to one may be another one's manifest. What is not in the store is listed all the same; what is below it
 * is unknown.
 */
export async function* walkDocuments(documents: Documents, roots: readonly Member[]): AsyncGenerator<Member> {
  const seen = new Set<string>();
  const waiting: Member[] = [...roots];
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    const called = `${next.mediaType} ${next.digest}`;
    if (seen.has(called) || !isDigest(next.digest)) continue;
    seen.add(called);
    yield next;
    if (!isDocument(next)) continue;
    const document = await documents.read(next.digest, next.mediaType);
    for (const child of document?.children ?? []) waiting.push(child);
  }
}
