import { type Digest, sha256, splitDigest } from "../../base/index.ts";
import { type Descriptor, maxManifestSize, parseManifestDocument } from "../../specs/index.ts";
import { checkedDocument } from "./checked-document.ts";
import { type FileSet, readWhole } from "./files.ts";
import type { ImageReader } from "./open-image.ts";

/** Name of the manifest of a directory, and of the images of its index. */
export const dirManifest = "manifest.json";
export const dirManifestOf = (digest: Digest): string => `${splitDigest(digest).hex}.manifest.json`;
/** Blobs lie under the digits of their digests. */
export const dirBlob = (digest: Digest): string => splitDigest(digest).hex;

/**
 * An image in a directory as skopeo's `dir:` has it: `manifest.json`, and everything else by its digits.
 * Source: https://github.com/containers/image/blob/v5.36.2/directory/directory_src.go
 */
export function readDirImage(files: FileSet): ImageReader {
  let root: Promise<{ descriptor: Descriptor; data: Uint8Array }> | undefined;
  const readRoot = async () => {
    const data = await readWhole(files, dirManifest, maxManifestSize);
    const { mediaType } = parseManifestDocument(data, `${dirManifest} of ${files.place}`);
    return { data, descriptor: { mediaType, digest: sha256(data), size: data.length } };
  };
  const rootOnce = () => {
    root ??= readRoot();
    return root;
  };
  return {
    root: async () => (await rootOnce()).descriptor,
    document: async (descriptor) => {
      const { descriptor: top, data } = await rootOnce();
      if (descriptor.digest === top.digest) return data;
      const child = await readWhole(files, dirManifestOf(descriptor.digest), maxManifestSize);
      return checkedDocument(child, descriptor, files.place);
    },
    blob: ({ digest }, { offset }) => files.read(dirBlob(digest), offset),
    [Symbol.asyncDispose]: () => files[Symbol.asyncDispose](),
  };
}
