import { type Digest, splitDigest } from "../../base/index.ts";
import {
  annotations,
  checkLayoutMarker,
  type Descriptor,
  maxManifestSize,
  parseIndex,
} from "../../specs/index.ts";
import { blobName } from "../archive/save.ts";
import { imageError } from "../errors.ts";
import { isAboutImage, isSavedByCosign } from "../signatures/signature-names.ts";
import { checkedDocument } from "./checked-document.ts";
import { type FileSet, readWhole } from "./files.ts";
import type { ImageReader } from "./open-image.ts";

/** An image of an OCI image layout, in a directory or an archive, by its name there; the only one needs no name. */
export function readLayoutImage(files: FileSet, name: string | undefined): ImageReader {
  return {
    root: async () => findInLayout(await readLayoutIndex(files), { name, place: files.place }),
    document: async (descriptor) => {
      const data = await readWhole(files, blobName(descriptor.digest), maxManifestSize);
      return checkedDocument(data, descriptor, files.place);
    },
    blob: ({ digest }, { offset }) => files.read(blobName(digest), offset),
    [Symbol.asyncDispose]: () => files[Symbol.asyncDispose](),
  };
}

/** What a layout lists. @throws OCI_IMAGE_*, IMAGE_ARCHIVE */
export async function readLayoutIndex(files: FileSet): Promise<readonly Descriptor[]> {
  const read = (name: string) => readWhole(files, name, maxManifestSize);
  checkLayoutMarker(await read("oci-layout"), `oci-layout of ${files.place}`);
  return parseIndex(await read("index.json"), `index.json of ${files.place}`).manifests;
}

/** The entry of a name: what follows the place may be the name, the full name, or a digest. */
function findInLayout(
  manifests: readonly Descriptor[],
  { name, place }: { name: string | undefined; place: string },
): Descriptor {
  const fitting = fittingEntries(manifests, name);
  const digests = new Set(fitting.map(({ digest }) => digest));
  const [found] = fitting;
  if (found !== undefined && (name !== undefined || digests.size === 1)) return found;
  const names = manifests.flatMap((each) => each.annotations?.[annotations.refName] ?? []);
  const reason = name === undefined ? "it has several images" : `it has no image ${JSON.stringify(name)}`;
  throw imageError("NOT_FOUND", `cannot read ${place}: ${manifests.length === 0 ? "it is empty" : reason}`, {
    ...(names.length > 0 && { hint: `it has ${names.slice(0, 10).join(", ")}` }),
  });
}

/** Without a name all images. Signatures that cosign has saved have no name. */
function fittingEntries(manifests: readonly Descriptor[], name: string | undefined): readonly Descriptor[] {
  if (name === undefined) return manifests.filter((each) => !isAboutImage(each));
  const named = manifests.filter((each) => isNamed(each, name));
  return named.length === 0 && name.endsWith(".sig") ? manifests.filter(isSavedByCosign) : named;
}

function isNamed({ annotations: notes, digest }: Descriptor, name: string): boolean {
  return [notes?.[annotations.refName], notes?.[annotations.imageName], digest, hexOf(digest)].includes(name);
}

function hexOf(digest: Digest): string {
  return splitDigest(digest).hex;
}
