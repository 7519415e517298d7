import { createHash } from "node:crypto";
import { type Digest, splitDigest } from "../../base/index.ts";
import { annotations, type Descriptor, imageLayoutVersion, mediaTypes } from "../../specs/index.ts";
import { emptyNode, type TreePiece, writeTar } from "../../tar/index.ts";
import type { ClosedDocument, Closure } from "../closure.ts";
import type { ContentStore } from "../content/content-store.ts";
import { imageError } from "../errors.ts";
import type { Image } from "../image-store.ts";
import { familiarReference, parseReference, type ReferenceOptions } from "../reference.ts";

/** An image to save, the names under which (full references with a tag), and all that goes with it. */
export type SavedImage = {
  readonly image: Image;
  readonly names: readonly string[];
  readonly closure: Closure;
};

/** The files that make images: small ones by name, and blobs of the store. */
export type Layout = {
  readonly documents: ReadonlyMap<string, string>;
  readonly blobs: readonly { readonly digest: Digest; readonly size: number }[];
};

/**
 * The files of an OCI image layout that is at once an archive of Docker: `manifest.json` names the same blobs. The same
 * images always make the same files.
 */
export function layoutOf(images: readonly SavedImage[], references: ReferenceOptions): Layout {
  const blobs = new Map<Digest, { digest: Digest; size: number }>();
  for (const { closure } of images) {
    for (const { digest, size } of [...closure.documents, ...closure.blobs])
      blobs.set(digest, { digest, size });
  }
  const manifests = images.flatMap((each) => indexEntries(each, references));
  const index = { schemaVersion: 2, mediaType: mediaTypes.index, manifests };
  const docker = images.map((each) => dockerEntry(each, references));
  const documents = new Map([
    ["index.json", JSON.stringify(index)],
    ["manifest.json", JSON.stringify(docker)],
    ["oci-layout", JSON.stringify({ imageLayoutVersion })],
  ]);
  const order = (a: { digest: Digest }, b: { digest: Digest }) => (a.digest < b.digest ? -1 : 1);
  return { documents, blobs: [...blobs.values()].sort(order) };
}

/** Path of a blob in a layout. */
export function blobName(digest: Digest): string {
  const { algorithm, hex } = splitDigest(digest);
  return `blobs/${algorithm}/${hex}`;
}

/** A layout as a tar archive. @throws IMAGE_CONTENT_CORRUPT, IMAGE_CONTENT_NOT_FOUND while it is read */
export function saveArchive(
  layout: Layout,
  content: ContentStore,
  signal?: AbortSignal,
): AsyncGenerator<Uint8Array> {
  return writeTar(archivePieces(layout, content, signal));
}

async function* archivePieces(
  { blobs, documents }: Layout,
  content: ContentStore,
  signal: AbortSignal | undefined,
): AsyncGenerator<TreePiece> {
  const algorithms = new Set(blobs.map(({ digest }) => splitDigest(digest).algorithm));
  for (const path of ["blobs", ...[...algorithms].sort().map((algorithm) => `blobs/${algorithm}`)]) {
    yield { kind: "node", node: { ...emptyNode(path), type: "directory", mode: 0o755 } };
  }
  for (const { digest, size } of blobs) {
    yield { kind: "node", node: { ...emptyNode(blobName(digest)), mode: 0o644, size } };
    for await (const data of readVerified(content, digest, signal)) {
      yield { kind: "data", data: Buffer.from(data.buffer, data.byteOffset, data.length) };
    }
  }
  for (const [name, text] of documents) {
    const data = Buffer.from(text);
    yield { kind: "node", node: { ...emptyNode(name), mode: 0o644, size: data.length } };
    yield { kind: "data", data };
  }
}

/** The bytes of a blob; the last of them come only if all were right. */
export async function* readVerified(
  content: ContentStore,
  digest: Digest,
  signal?: AbortSignal,
): AsyncGenerator<Uint8Array> {
  const hash = createHash(splitDigest(digest).algorithm);
  let held: Uint8Array | undefined;
  for await (const chunk of content.read(digest, { signal })) {
    hash.update(chunk);
    if (held !== undefined) yield held;
    held = chunk;
  }
  if (hash.digest("hex") !== splitDigest(digest).hex) {
    throw imageError(
      "CONTENT_CORRUPT",
      `cannot save blob ${digest}: the bytes on the disk have another digest`,
      {
        hint: "repair it with: tug system check --repair",
      },
    );
  }
  if (held !== undefined) yield held;
}

function indexEntries({ closure, names }: SavedImage, references: ReferenceOptions): Descriptor[] {
  const root = closure.documents.at(-1) as ClosedDocument;
  if (names.length === 0) return [root];
  return names.map((name) => {
    const { tag = "latest" } = parseReference(name, references);
    return {
      ...root,
      annotations: { [annotations.imageName]: name, [annotations.refName]: tag },
    };
  });
}

function dockerEntry({ image, names }: SavedImage, references: ReferenceOptions) {
  return {
    Config: blobName(image.id),
    RepoTags: names.map((name) => familiarReference(parseReference(name, references))),
    Layers: image.layers.map(({ digest }) => blobName(digest)),
  };
}
