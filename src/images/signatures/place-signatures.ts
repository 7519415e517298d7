import type { Digest } from "../../base/index.ts";
import { type ImageSignature, type SignatureForm, unverifiedClaim } from "../../signatures/index.ts";
import { imageError } from "../errors.ts";
import { type FoundImage, notFound } from "../image-store.ts";
import { isDangling } from "../image-table.ts";
import { formatReference } from "../reference.ts";
import { openReader, type PlaceRequest, registryAccess } from "../transports/open-place.ts";
import { formatPlace, type Place } from "../transports/place.ts";
import { readBundles } from "./read-bundles.ts";
import { openShelf, type SignatureOptions } from "./signature-shelf.ts";

/** What lies beside an image of a place. */
export type SignedImage = {
  /** What the name stands for. */
  readonly digest: Digest;
  /** Full references by which the image goes there; none in a layout. */
  readonly names: readonly string[];
  /** Nobody has verified them. */
  readonly signatures: readonly ImageSignature[];
};

/**
 * The signatures of an image in a registry, a layout, a directory or the store.
 * @param request `form` if only those of one are asked for
 * @throws IMAGE_PLACE elsewhere
 */
export async function signaturesAt(
  options: SignatureOptions,
  place: Place,
  { form, ...request }: PlaceRequest & { form?: SignatureForm | undefined },
): Promise<SignedImage> {
  const shelf = openShelf(options, place, request);
  const digest = await digestAt(options, place, request);
  const signatures = await shelf.list(digest, form);
  if (place.transport === "store") return { digest, names: namesOf(options, place.name), signatures };
  if (place.transport !== "docker") return { digest, names: [], signatures };
  const named = { digest, names: [formatReference(place.reference)] };
  if (form === "gpg") return { ...named, signatures };
  const repository = options.registry.repository(place.reference, registryAccess(request));
  const bundled = await readBundles(repository, digest, request.signal);
  return { ...named, signatures: [...signatures, ...bundled] };
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
  const { digest } = unverifiedClaim(signature);
  const shelf = openShelf(options, place, { ...request, adds: true });
  const found = await digestAt(options, place, request);
  if (found === digest) return await shelf.add(digest, [signature]);
  throw imageError(
    "PLACE",
    `cannot sign ${formatPlace(place)}: it is ${found}, and the signature is of ${digest}`,
  );
}

async function digestAt(options: SignatureOptions, place: Place, request: PlaceRequest): Promise<Digest> {
  // Of an index of which not all is here, too, it is the index that is signed.
  if (place.transport === "store") return find(options, place.name).target.digest;
  await using source = await openReader(options, place, request);
  return (await source.root(request.signal)).digest;
}

function find({ store }: SignatureOptions, name: string): FoundImage {
  const record = store.find(name);
  if (record === undefined) throw notFound(name);
  return record;
}

/** The name that was asked for, or all names of an image that was asked for by its id. */
function namesOf(options: SignatureOptions, query: string): string[] {
  const { name, id } = find(options, query);
  const names = name === undefined ? options.table.byId(id).map((row) => row.name) : [name];
  return names.filter((each) => !isDangling(each));
}
