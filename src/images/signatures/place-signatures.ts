import type { Digest } from "../../base/index.ts";
import { type ImageSignature, parsePayload } from "../../signatures/index.ts";
import type { Manifest } from "../../specs/index.ts";
import { imageError } from "../errors.ts";
import { type FoundImage, notFound } from "../image-store.ts";
import { isDangling } from "../image-table.ts";
import { formatReference } from "../reference.ts";
import type { ImageReader } from "../transports/open-image.ts";
import {
  openReader,
  openWriter,
  type PlaceOptions,
  type PlaceRequest,
  registryAccess,
} from "../transports/open-place.ts";
import { formatPlace, type Place } from "../transports/place.ts";
import { readBundles } from "./read-bundles.ts";
import { readSignatureManifest, readSignatures } from "./read-signatures.ts";
import { addSignature } from "./signature-manifest.ts";
import { signatureTag } from "./signature-names.ts";
import type { SignatureTable } from "./signature-table.ts";
import { unlessMissing } from "./unless-missing.ts";

export type SignatureOptions = PlaceOptions & { signatures: SignatureTable };

/** What lies beside an image of a place. */
export type SignedImage = {
  /** What the name stands for. */
  readonly digest: Digest;
  /** Full references by which the image goes there; none in a layout. */
  readonly names: readonly string[];
  /** Nobody has verified them. */
  readonly signatures: readonly ImageSignature[];
};

/** The signatures of an image in a registry, a layout or the store. @throws IMAGE_PLACE elsewhere */
export async function signaturesAt(
  options: SignatureOptions,
  place: Place,
  request: PlaceRequest,
): Promise<SignedImage> {
  if (place.transport === "store") {
    const record = find(options, place.name);
    const { digest } = record.target;
    return { digest, names: namesOf(options, record), signatures: options.signatures.of(digest) };
  }
  const beside = besideImages(place);
  const digest = await digestAt(options, place, request);
  await using source = await openReader(options, beside(digest), request);
  const signatures = await unlessMissing(() => readSignatures(source, formatPlace(place), request.signal));
  if (place.transport !== "docker") return { digest, names: [], signatures: signatures ?? [] };
  const repository = options.registry.repository(place.reference, registryAccess(request));
  const bundled = await readBundles(repository, digest, request.signal);
  const names = [formatReference(place.reference)];
  return { digest, names, signatures: [...(signatures ?? []), ...bundled] };
}

/**
 * Puts a signature beside an image of a place.
 * @throws SIGNATURE_PAYLOAD for one that says nothing about an image, IMAGE_PLACE for one about another image
 */
export async function signAt(
  options: SignatureOptions,
  place: Place,
  { signature, ...request }: PlaceRequest & { signature: ImageSignature },
): Promise<void> {
  const { digest } = parsePayload(signature.payload);
  if (place.transport === "store") {
    checkDigest(place, digest, find(options, place.name).target.digest);
    return options.signatures.add(digest, [signature]);
  }
  if (place.transport === "oci-archive") {
    throw imageError("PLACE", `cannot sign ${formatPlace(place)}: nothing can be added to an archive`, {
      hint: "copy it into a layout with tug image copy, and sign it there",
    });
  }
  const beside = besideImages(place);
  checkDigest(place, digest, await digestAt(options, place, request));
  const target = beside(digest);
  const before = await manifestAt(options, target, request);
  const { manifest, blobs } = addSignature(signature, before);
  await using writer = await openWriter(options, target, request);
  for (const { data, ...blob } of blobs) {
    if (await writer.hasBlob(blob.digest, request.signal)) continue;
    const read = async function* (offset: number) {
      yield data.subarray(offset);
    };
    await writer.putBlob(blob, read, { signal: request.signal });
  }
  await writer.finish({ root: manifest, manifest: undefined }, request.signal);
}

function find({ store }: SignatureOptions, name: string): FoundImage {
  const record = store.find(name);
  if (record === undefined) throw notFound(name);
  return record;
}

/** The name that was asked for, or all names of an image that was asked for by its id. */
function namesOf({ table }: SignatureOptions, { name, id }: FoundImage): string[] {
  const names = name === undefined ? table.byId(id).map((row) => row.name) : [name];
  return names.filter((each) => !isDangling(each));
}

async function digestAt(options: SignatureOptions, place: Place, request: PlaceRequest): Promise<Digest> {
  await using source = await openReader(options, place, request);
  return (await source.root(request.signal)).digest;
}

function checkDigest(place: Place, signed: Digest, found: Digest): void {
  if (signed === found) return;
  throw imageError(
    "PLACE",
    `cannot sign ${formatPlace(place)}: it is ${found}, and the signature is of ${signed}`,
  );
}

async function manifestAt(
  options: SignatureOptions,
  place: Place,
  request: PlaceRequest,
): Promise<Manifest | undefined> {
  await using reader: ImageReader = await openReader(options, place, request);
  return await unlessMissing(() => readSignatureManifest(reader, formatPlace(place), request.signal));
}

/** Where the signatures of digests lie beside an image. @throws IMAGE_PLACE where nothing can */
function besideImages(place: Place): (digest: Digest) => Place {
  switch (place.transport) {
    case "docker": {
      const { domain, path } = place.reference;
      return (digest) => ({ transport: "docker", reference: { domain, path, tag: signatureTag(digest) } });
    }
    case "oci":
    case "oci-archive":
      return (digest) => ({ ...place, name: signatureTag(digest) });
    default:
      throw imageError(
        "PLACE",
        `cannot use signatures of ${formatPlace(place)}: nothing can lie beside an image there`,
        {
          hint: "signatures lie in registries (docker://NAME), layouts (oci:DIR:NAME) and the store (NAME)",
        },
      );
  }
}
