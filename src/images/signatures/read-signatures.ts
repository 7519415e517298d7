import type { ImageSignature } from "../../signatures/index.ts";
import { type Manifest, parseManifestDocument } from "../../specs/index.ts";
import { imageError } from "../errors.ts";
import { readChecked } from "../transports/checked-document.ts";
import type { ImageReader } from "../transports/open-image.ts";
import { signatureEntries } from "./signature-manifest.ts";

/** The manifest with the signatures of an image. @throws IMAGE_CONFIGURATION, OCI_IMAGE_* */
export async function readSignatureManifest(
  source: ImageReader,
  place: string,
  signal?: AbortSignal,
): Promise<Manifest> {
  const root = await source.root(signal);
  const data = await source.document(root, signal);
  const document = parseManifestDocument(data, `the signatures of ${place}`, root.mediaType);
  if (document.kind === "manifest") return document.manifest;
  throw imageError("CONFIGURATION", `cannot use the signatures of ${place}: they are an index`);
}

/**
 * The signatures that an image of signatures holds, which nobody has verified.
 * @param source of the image that lies under the tag `signatureTag`
 * @param place of the image that was signed, for errors
 * @throws IMAGE_CONFIGURATION, IMAGE_CONTENT_*, OCI_IMAGE_* and what the source throws
 */
export async function readSignatures(
  source: ImageReader,
  place: string,
  signal?: AbortSignal,
): Promise<ImageSignature[]> {
  const manifest = await readSignatureManifest(source, place, signal);
  const signatures: ImageSignature[] = [];
  for (const { payload, signature } of signatureEntries(manifest, place)) {
    const bytes = await readChecked(source.blob(payload, { offset: 0, signal }), payload);
    signatures.push({ payload: bytes, signature });
  }
  return signatures;
}
