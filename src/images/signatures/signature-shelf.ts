import type { createKeyedMutex, Digest } from "../../base/index.ts";
import { type ImageSignature, maxSignatures } from "../../signatures/index.ts";
import type { Manifest } from "../../specs/index.ts";
import { imageError } from "../errors.ts";
import { openReader, openWriter, type PlaceOptions, type PlaceRequest } from "../transports/open-place.ts";
import { formatPlace, type Place } from "../transports/place.ts";
import { readSignatureManifest, readSignatures } from "./read-signatures.ts";
import { addSignatures } from "./signature-manifest.ts";
import { signatureTag } from "./signature-names.ts";
import type { SignatureTable } from "./signature-table.ts";
import { unlessMissing } from "./unless-missing.ts";

export type SignatureOptions = PlaceOptions & {
  signatures: SignatureTable;
  /** Who adds signatures, by the place: what is there is read and written again with more. */
  signing: ReturnType<typeof createKeyedMutex>;
};

/** Where signatures lie beside images, by what is signed. */
export interface SignatureShelf {
  /** The image that holds the signatures; undefined in the store, which keeps them otherwise. */
  readonly imageOf: ((subject: Digest) => Place) | undefined;
  /** Nobody has verified them. */
  list(subject: Digest): Promise<readonly ImageSignature[]>;
  /** Adds those that are not there yet. @throws IMAGE_CONFIGURATION for more than anybody looks at */
  add(subject: Digest, signatures: readonly ImageSignature[]): Promise<void>;
}

/**
 * The signatures of a registry's repository, of a layout or of the store. Elsewhere nothing can lie beside an image.
 * @param request `adds` if any are going to be added, which an archive does not take
 * @throws IMAGE_PLACE
 */
export function openShelf(
  options: SignatureOptions,
  place: Place,
  { adds = false, ...request }: PlaceRequest & { adds?: boolean },
): SignatureShelf {
  if (place.transport === "store") {
    return {
      imageOf: undefined,
      list: async (subject) => options.signatures.of(subject),
      add: async (subject, signatures) => {
        if (!options.signatures.add(subject, signatures)) throw full(place);
      },
    };
  }
  const beside = besideImages(place);
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

function isSame(one: ImageSignature, other: ImageSignature): boolean {
  return one.signature === other.signature && Buffer.from(one.payload).equals(other.payload);
}

/** The places of the images of signatures, by what is signed. */
function besideImages(place: Place): (subject: Digest) => Place {
  switch (place.transport) {
    case "docker": {
      const { domain, path } = place.reference;
      return (subject) => ({ transport: "docker", reference: { domain, path, tag: signatureTag(subject) } });
    }
    case "oci":
    case "oci-archive":
      return (subject) => ({ ...place, name: signatureTag(subject) });
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

function full(place: Place) {
  const name = formatPlace(place);
  return imageError(
    "CONFIGURATION",
    `cannot add a signature to ${name}: it has ${maxSignatures}, and no more are looked at`,
  );
}

function unchangeable(name: string) {
  return imageError("PLACE", `cannot put signatures into ${name}: nothing can be added to an archive`, {
    hint: "use a layout: oci:DIR",
  });
}
