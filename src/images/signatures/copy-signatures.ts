import type { Digest } from "../../base/index.ts";
import { formOf, type ImageSignature } from "../../signatures/index.ts";
import { type Descriptor, parseManifestDocument } from "../../specs/index.ts";
import type { ImageReader } from "../transports/open-image.ts";
import type { Place } from "../transports/place.ts";
import type { SignatureShelf } from "./signature-shelf.ts";

export type SignatureCopy = {
  readonly from: SignatureShelf;
  readonly to: SignatureShelf;
  /** The image, and what has been copied of it. */
  readonly source: ImageReader;
  readonly copied: Digest;
  /** Copies an image as it is. */
  readonly copyImage: (from: Place, to: Place) => Promise<unknown>;
  readonly signal?: AbortSignal | undefined;
};

/**
 * Takes the signatures of an image that has been copied along: those of an index, and of the images that it lists. Where
 * there are none before, they come as they are, with certificates and whatever else lies with them.
 */
export async function copySignatures(copy: SignatureCopy): Promise<void> {
  const { source, copied, signal } = copy;
  const root = await source.root(signal);
  const listed = root.digest === copied ? await imagesOf(source, root, signal) : [];
  for (const subject of [copied, ...listed]) await copyOne(copy, subject);
}

async function copyOne({ from, to, copyImage }: SignatureCopy, subject: Digest): Promise<void> {
  const signatures = await from.list(subject);
  if (signatures.length === 0) return;
  const isInImage = (each: ImageSignature) => formOf(each) === "cosign";
  const [source, target] = [from.imageOf?.(subject), to.imageOf?.(subject)];
  const areFirst = !(await to.list(subject)).some(isInImage);
  if (!areFirst || source === undefined || target === undefined) return await to.add(subject, signatures);
  if (signatures.some(isInImage)) await copyImage(source, target);
  await to.add(
    subject,
    signatures.filter((each) => !isInImage(each)),
  );
}

/** What an index lists; nothing for what is none. */
async function imagesOf(
  source: ImageReader,
  root: Descriptor,
  signal: AbortSignal | undefined,
): Promise<Digest[]> {
  const data = await source.document(root, signal);
  const document = parseManifestDocument(data, `manifest ${root.digest}`, root.mediaType);
  return document.kind === "index" ? document.index.manifests.map(({ digest }) => digest) : [];
}
