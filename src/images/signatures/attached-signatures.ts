import type { Digest } from "../../base/index.ts";
import { type ImageSignature, maxSignatures } from "../../signatures/index.ts";
import type { Manifest } from "../../specs/index.ts";
import { openReader, openWriter, type PlaceRequest } from "../transports/open-place.ts";
import { formatPlace, type Place } from "../transports/place.ts";
import { readSignatureManifest, readSignatures } from "./read-signatures.ts";
import { isSame } from "./same-signature.ts";
import { addSignatures } from "./signature-manifest.ts";
import { signatureTag } from "./signature-names.ts";
import type { SignatureOptions, SignaturePart } from "./signature-shelf.ts";
import { full, unchangeable } from "./signature-shelf-errors.ts";
import { unlessMissing } from "./unless-missing.ts";

/** Signatures of cosign's form, in images of their own beside those that they are of. */
export type AttachedSignatures = SignaturePart & {
  /** The image that holds the signatures. */
  readonly imageOf: (subject: Digest) => Place;
};

/**
 * The signatures of cosign's form in a registry's repository or a layout; undefined where there can be none.
 * @param request `adds` if any are going to be added, which an archive does not take
 * @throws IMAGE_PLACE
 */
export function attachedSignatures(
  options: SignatureOptions,
  place: Place,
  { adds, ...request }: PlaceRequest & { adds: boolean },
): AttachedSignatures | undefined {
  const beside = besideImages(place);
  if (beside === undefined) return undefined;
  if (adds && place.transport === "oci-archive") throw unchangeable(formatPlace(place));
  const { signal } = request;
  const name = formatPlace(place);
  const list = async (subject: Digest): Promise<readonly ImageSignature[]> => {
    await using reader = await openReader(options, beside(subject), request);
    return (await unlessMissing(() => readSignatures(reader, name, signal))) ?? [];
  };
  const add = async (subject: Digest, signatures: readonly ImageSignature[]): Promise<void> => {
    const known = await list(subject);
    const fresh = signatures.filter((each) => !known.some((other) => isSame(each, other)));
    if (fresh.length === 0) return;
    if (known.length + fresh.length > maxSignatures) throw full(place);
    await using reader = await openReader(options, beside(subject), request);
    const before = await unlessMissing(() => readSignatureManifest(reader, name, signal));
    await write(options, beside(subject), { fresh, before, request });
  };
  // All images of a layout are in one list.
  const turnOf = (subject: Digest) => ("path" in place ? place.path : formatPlace(beside(subject)));
  return {
    forms: ["cosign"],
    imageOf: beside,
    list,
    add: (subject, signatures) => options.signing.run(turnOf(subject), () => add(subject, signatures)),
  };
}

type Addition = {
  fresh: readonly ImageSignature[];
  before: Manifest | undefined;
  request: PlaceRequest;
};

async function write(
  options: SignatureOptions,
  place: Place,
  { fresh, before, request }: Addition,
): Promise<void> {
  const { signal } = request;
  const { manifest, blobs } = addSignatures(fresh, before);
  await using writer = await openWriter(options, place, request);
  for (const { data, ...blob } of blobs) {
    if (await writer.hasBlob(blob.digest, signal)) continue;
    const read = async function* (offset: number) {
      yield data.subarray(offset);
    };
    await writer.putBlob(blob, read, { signal });
  }
  await writer.finish({ root: manifest, manifest: undefined }, signal);
}

/** The places of the images of signatures, by what is signed. */
function besideImages(place: Place): ((subject: Digest) => Place) | undefined {
  switch (place.transport) {
    case "docker": {
      const { domain, path } = place.reference;
      return (subject) => ({ transport: "docker", reference: { domain, path, tag: signatureTag(subject) } });
    }
    case "oci":
    case "oci-archive":
      return (subject) => ({ ...place, name: signatureTag(subject) });
    default:
      return undefined;
  }
}
