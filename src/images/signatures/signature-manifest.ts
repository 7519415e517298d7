import { sha256 } from "../../base/index.ts";
import { type ImageSignature, maxPayload, maxSignatures } from "../../signatures/index.ts";
import { type Descriptor, type Manifest, mediaTypes } from "../../specs/index.ts";
import { imageError } from "../errors.ts";
import type { SentDocument } from "../transports/open-image.ts";

/** What a layer of a manifest of signatures is. */
export const payloadType = "application/vnd.dev.cosign.simplesigning.v1+json";

/** Where the signature of such a layer is. */
export const signatureAnnotation = "dev.cosignproject.cosign/signature";

/** One signature in a manifest; `payload` is the blob with what was signed. */
export type SignatureEntry = {
  readonly payload: Pick<Descriptor, "digest" | "size">;
  readonly signature: string;
};

/**
 * The signatures that a manifest lists; layers of other kinds are left out.
 * Source: https://github.com/sigstore/cosign/blob/v2.5.0/specs/SIGNATURE_SPEC.md#oci-image-manifest-v1
 * @param place for errors
 * @throws IMAGE_CONFIGURATION for more or longer ones than anybody has
 */
export function signatureEntries({ layers }: Manifest, place: string): SignatureEntry[] {
  const entries = layers
    .filter(({ mediaType }) => mediaType === payloadType)
    .map(({ digest, size, annotations }) => ({
      payload: { digest, size },
      signature: annotations?.[signatureAnnotation] ?? "",
    }));
  if (entries.length > maxSignatures) {
    throw unusable(place, `there are ${entries.length} signatures, more than ${maxSignatures}`);
  }
  const long = entries.find(({ payload }) => payload.size > maxPayload);
  if (long !== undefined) throw unusable(place, `a signature is about ${long.payload.size} bytes`);
  return entries;
}

/** A manifest of signatures, with all blobs that are new. */
export type SignatureDocuments = {
  readonly manifest: SentDocument;
  readonly blobs: readonly (Pick<Descriptor, "digest" | "size"> & { readonly data: Uint8Array })[];
};

/**
 * The manifest with further signatures.
 * @param before the manifest that is there; what else it holds stays
 */
export function addSignatures(
  signatures: readonly ImageSignature[],
  before: Manifest | undefined,
): SignatureDocuments {
  const added = signatures.map(({ payload, signature }) => ({
    mediaType: payloadType,
    ...describe(payload),
    annotations: { [signatureAnnotation]: signature },
  }));
  const layers = [...(before?.layers ?? []), ...added];
  const config = Buffer.from(JSON.stringify(configOf(layers)));
  const manifest = {
    ...before,
    schemaVersion: 2,
    mediaType: mediaTypes.manifest,
    config: { mediaType: mediaTypes.config, ...describe(config) },
    layers,
  };
  const data = Buffer.from(JSON.stringify(manifest));
  return {
    manifest: { mediaType: mediaTypes.manifest, digest: sha256(data), data },
    blobs: [...signatures.map(({ payload }) => payload), config].map((data) => ({ ...describe(data), data })),
  };
}

/** Registries and readers expect an image; it is one that nobody runs. */
function configOf(layers: readonly Pick<Descriptor, "digest">[]) {
  return {
    architecture: "",
    os: "",
    config: {},
    rootfs: { type: "layers", diff_ids: layers.map(({ digest }) => digest) },
  };
}

function describe(data: Uint8Array): Pick<Descriptor, "digest" | "size"> {
  return { digest: sha256(data), size: data.length };
}

function unusable(place: string, reason: string) {
  return imageError("CONFIGURATION", `cannot use the signatures of ${place}: ${reason}`);
}
