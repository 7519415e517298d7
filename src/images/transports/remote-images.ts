import type { Digest } from "../../base/index.ts";
import type { ImageSignature, SignatureForm } from "../../signatures/index.ts";
import { type Descriptor, maxConfigSize, type Platform, parseManifestDocument } from "../../specs/index.ts";
import { imageError } from "../errors.ts";
import { chooseManifest, hostPlatform } from "../platform.ts";
import { defaultDomain, type Reference } from "../reference.ts";
import type { SearchHit } from "../registry/search.ts";
import { type SignedImage, signAt, signaturesAt } from "../signatures/place-signatures.ts";
import { readChecked } from "./checked-document.ts";
import type { Copied } from "./copy-image.ts";
import { type CopyPlacesOptions, type CopyPlacesRequest, copyPlaces } from "./copy-places.ts";
import type { ImageReader } from "./open-image.ts";
import { type Access, openReader, registryAccess, registryReference } from "./open-place.ts";
import { type Place, parsePlace } from "./place.ts";

export type SearchRequest = Pick<Access, "credentials"> & {
  /** At most so many are given. */
  readonly limit: number;
  readonly signal?: AbortSignal | undefined;
};

/** Names of Docker Hub. */
const hubDomains: readonly string[] = [defaultDomain, "index.docker.io"];

export type SignaturesRequest = Access & {
  /** Those of this form, maybe among others; by default all. */
  form?: SignatureForm | undefined;
  signal?: AbortSignal | undefined;
};

export type LookRequest = Access & { platform?: Platform | undefined; signal?: AbortSignal | undefined };

/** What is known of an image without its layers. */
export type Looked = {
  /** Of what the name stands for. */
  readonly root: Descriptor;
  readonly raw: Uint8Array;
  /** Of the image for the platform. */
  readonly manifest: Uint8Array;
  readonly config: Uint8Array;
};

/** Images wherever they are. A place is a text as `parsePlace` reads it. */
export interface RemoteImages {
  /** Copies an image as it is; see `copyImage`. @throws IMAGE_PLACE where its signatures have no place */
  copy(source: string, target: string, request?: CopyPlacesRequest): Promise<Copied>;
  /** The documents of an image. */
  look(place: string, request?: LookRequest): Promise<Looked>;
  /** The digest of what a name stands for. */
  digest(place: string, request?: Access & { signal?: AbortSignal | undefined }): Promise<Digest>;
  /** The tags of a repository. */
  tags(place: string, request?: Access & { signal?: AbortSignal | undefined }): Promise<string[]>;
  /** Repositories that fit a term: of the registry that it begins with (`registry.example/debian`), else of docker.io. */
  search(term: string, request: SearchRequest): Promise<SearchHit[]>;
  /** What lies beside an image, which nobody has verified. */
  signatures(place: string, request?: SignaturesRequest): Promise<SignedImage>;
  /** Puts a signature beside the image that it is of. */
  sign(
    place: string,
    signature: ImageSignature,
    request?: Access & { signal?: AbortSignal | undefined },
  ): Promise<void>;
  /** Takes what a name stands for out of its registry, with all its tags. Gives its digest. */
  delete(place: string, request?: Access & { signal?: AbortSignal | undefined }): Promise<Digest>;
}

export function createRemoteImages(options: CopyPlacesOptions): RemoteImages {
  const { registry, references } = options;
  const placeOf = (text: string): Place => parsePlace(text, references);
  const inRegistry = (text: string): Reference => {
    const reference = registryReference(placeOf(text.includes("://") ? text : `docker://${text}`));
    if (reference !== undefined) return reference;
    throw imageError("PLACE", `cannot use ${text}: it is in no registry`, { hint: "write docker://NAME" });
  };
  return {
    copy: (from, to, request) =>
      copyPlaces(options, [placeOf(from), placeOf(to)], { name: from, ...request }),
    async look(text, { platform, ...request } = {}) {
      await using source = await openReader(options, placeOf(text), { ...request, verb: "inspect" });
      return await look(source, { name: text, platform, signal: request.signal });
    },
    async digest(text, request = {}) {
      await using source = await openReader(options, placeOf(text), { ...request, verb: "inspect" });
      return (await source.root(request.signal)).digest;
    },
    tags: (text, request = {}) =>
      registry
        .repository(inRegistry(text), registryAccess({ ...request, verb: "list the tags of" }))
        .tags(request.signal),
    search(text, { limit, credentials, signal }) {
      const { domain, term } = splitTerm(text);
      const own = credentials && (async () => credentials);
      return registry.search(domain, { term, limit }, { credentials: own, signal });
    },
    signatures: (text, request = {}) => signaturesAt(options, placeOf(text), { ...request, verb: "verify" }),
    sign: (text, signature, request = {}) =>
      signAt(options, placeOf(text), { ...request, verb: "sign", signature }),
    async delete(text, request = {}) {
      const reference = inRegistry(text);
      const access = registryAccess({ ...request, verb: "delete" });
      await using source = await openReader(
        options,
        { transport: "docker", reference },
        { ...request, verb: "delete" },
      );
      const { digest } = await source.root(request.signal);
      await registry.writer(reference, access).deleteManifest(digest, request.signal);
      return digest;
    },
  };
}

/** Source: https://github.com/moby/moby/blob/v28.0.0/registry/search.go, `splitReposSearchTerm` */
function splitTerm(text: string): { domain: string; term: string } {
  const [first = "", ...rest] = text.split("/");
  const namesRegistry = rest.length > 0 && (/[.:]/.test(first) || first === "localhost");
  const domain = namesRegistry && !hubDomains.includes(first) ? first : defaultDomain;
  const term = namesRegistry ? rest.join("/") : text;
  return { domain, term: domain === defaultDomain ? term.replace(/^library\//, "") : term };
}

type Looking = { name: string; platform: Platform | undefined; signal: AbortSignal | undefined };

async function look(source: ImageReader, { name, platform, signal }: Looking): Promise<Looked> {
  const root = await source.root(signal);
  const raw = await source.document(root, signal);
  let manifest = raw;
  let document = parseManifestDocument(raw, `manifest of ${name}`, root.mediaType);
  if (document.kind === "index") {
    const chosen = chooseManifest(document.index, platform ?? hostPlatform(), name);
    manifest = await source.document(chosen, signal);
    document = parseManifestDocument(manifest, `manifest of ${name}`, chosen.mediaType);
  }
  if (document.kind === "index") throw imageError("CONFIGURATION", `cannot use ${name}: its index is nested`);
  const { digest, size } = document.manifest.config;
  if (size > maxConfigSize)
    throw imageError("CONTENT_SIZE", `cannot use ${name}: its configuration has ${size} bytes`);
  const bytes = source.blob({ digest, size }, { offset: 0, signal });
  return { root, raw, manifest, config: await readChecked(bytes, { digest, size }) };
}
