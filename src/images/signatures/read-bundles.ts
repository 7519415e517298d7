import type { Digest } from "../../base/index.ts";
import { type ImageSignature, maxSignatures, readBundle } from "../../signatures/index.ts";
import { type Descriptor, mediaTypes, parseManifestDocument } from "../../specs/index.ts";
import type { Repository } from "../registry/repository.ts";
import { readChecked } from "../transports/checked-document.ts";
import { unlessMissing } from "./unless-missing.ts";

/** What bundles are, in all of their versions. */
const bundleType = /^application\/vnd\.dev\.sigstore\.bundle\b/;

/** The longest bundle that is read, in bytes: those with certificates and entries of logs are some kilobytes. */
const maxBundle = 256 * 1024;

/**
 * The signatures of a manifest that cosign 3 has put beside it as bundles, each a manifest that refers to it. Of bundles
 * of other kinds, such as attestations, nothing is given.
 *
 * @throws IMAGE_CONTENT_*, OCI_IMAGE_*, IMAGE_REGISTRY_*
 */
export async function readBundles(
  repository: Repository,
  subject: Digest,
  signal?: AbortSignal,
): Promise<ImageSignature[]> {
  const referrers = await repository.referrers(subject, signal);
  const signatures: ImageSignature[] = [];
  for (const referrer of referrers.filter(mayBeBundle).slice(0, maxSignatures)) {
    // A list under a tag may name what is gone.
    const signature = await unlessMissing(() => readReferrer(repository, referrer, signal));
    if (signature !== undefined) signatures.push(signature);
  }
  return signatures;
}

/** Lists that are kept under a tag may have the type of the configuration, which is empty. */
function mayBeBundle({ artifactType = mediaTypes.empty }: Descriptor): boolean {
  return artifactType === mediaTypes.empty || bundleType.test(artifactType);
}

async function readReferrer(
  repository: Repository,
  { digest, mediaType }: Descriptor,
  signal: AbortSignal | undefined,
): Promise<ImageSignature | undefined> {
  const { data } = await repository.manifest(digest, signal);
  const document = parseManifestDocument(data, `manifest ${digest}`, mediaType);
  const [layer] = document.kind === "manifest" ? document.manifest.layers : [];
  if (layer === undefined || !bundleType.test(layer.mediaType) || layer.size > maxBundle) return undefined;
  return readBundle(await readChecked(repository.blob(layer, { signal }), layer));
}
