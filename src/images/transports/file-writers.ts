import { type Digest, sha256 } from "../../base/index.ts";
import {
  annotations,
  type Descriptor,
  imageLayoutVersion,
  maxManifestSize,
  mediaTypes,
} from "../../specs/index.ts";
import { blobName } from "../archive/save.ts";
import { imageError } from "../errors.ts";
import { familiarReference, parseReference } from "../reference.ts";
import { dirBlob, dirManifest, dirManifestOf } from "./dir-reader.ts";
import { removeDirSignatures } from "./dir-signatures.ts";
import type { FileSink } from "./file-sink.ts";
import { type FileSet, readWhole } from "./files.ts";
import { readLayoutIndex } from "./layout-reader.ts";
import type { ImageWriter, Sent, SentDocument } from "./open-image.ts";

type Blobs = Pick<ImageWriter, "hasBlob" | "putBlob">;

/** Blobs as files, under names that their digests make. */
function blobsIn(sink: FileSink, nameOf: (digest: Digest) => string): Blobs {
  return {
    hasBlob: async (digest) => (await sink.size(nameOf(digest))) !== undefined,
    async putBlob({ digest, size }, read, { onSent = () => {} }) {
      await sink.put(nameOf(digest), size, counted(read(0), onSent));
      return { mountedFrom: undefined };
    },
  };
}

async function* counted(
  source: AsyncIterable<Uint8Array>,
  report: (bytes: number) => void,
): AsyncGenerator<Uint8Array> {
  let total = 0;
  for await (const chunk of source) {
    total += chunk.length;
    yield chunk;
    report(total);
  }
}

const putText = (sink: FileSink, name: string, text: string | Uint8Array): Promise<void> => {
  const data = Buffer.from(text as string);
  return sink.put(name, data.length, [data]);
};

/**
 * An image of an OCI image layout: a new one, or one that is there, of which it becomes a further image.
 * @param existing the files that are there already
 */
export function writeLayoutImage(sink: FileSink, name: string | undefined, existing?: FileSet): ImageWriter {
  const listed = async (): Promise<readonly Descriptor[]> =>
    existing === undefined || (await existing.size("index.json")) === undefined
      ? []
      : await readLayoutIndex(existing);
  const isOurs = ({ annotations: notes }: Descriptor) => notes?.[annotations.refName] === name;
  return {
    takesIndexes: true,
    ...blobsIn(sink, blobName),
    current: async () => (await listed()).find(isOurs)?.digest,
    putDocument: ({ digest, data }) => putText(sink, blobName(digest), data),
    async finish({ root }) {
      await putText(sink, blobName(root.digest), root.data);
      const entry = {
        ...descriptorOf(root),
        ...(name !== undefined && { annotations: { [annotations.refName]: name } }),
      };
      const others = (await listed()).filter(
        (each) => !isOurs(each) && !(name === undefined && each.digest === root.digest),
      );
      const index = { schemaVersion: 2, mediaType: mediaTypes.index, manifests: [...others, entry] };
      await putText(sink, "oci-layout", JSON.stringify({ imageLayoutVersion }));
      await putText(sink, "index.json", JSON.stringify(index));
      await sink.finish();
    },
    [Symbol.asyncDispose]: () => sink[Symbol.asyncDispose](),
  };
}

/** An archive that Docker loads and that is an OCI image layout too, so that the manifest stays what it is. */
export function writeDockerArchive(sink: FileSink, name: string | undefined): ImageWriter {
  const reference = name === undefined ? undefined : parseReference(name);
  const notes = reference && {
    [annotations.imageName]: `${reference.domain}/${reference.path}:${reference.tag ?? "latest"}`,
    [annotations.refName]: reference.tag ?? "latest",
  };
  return {
    takesIndexes: false,
    ...blobsIn(sink, blobName),
    current: async () => undefined,
    putDocument: ({ digest, data }) => putText(sink, blobName(digest), data),
    async finish({ root, manifest }: Sent) {
      if (manifest === undefined) {
        throw imageError(
          "PLACE",
          `cannot write ${sink.place}: an archive for Docker holds one image, not an index`,
        );
      }
      await putText(sink, blobName(root.digest), root.data);
      const entry = { ...descriptorOf(root), ...(notes && { annotations: notes }) };
      const index = { schemaVersion: 2, mediaType: mediaTypes.index, manifests: [entry] };
      const image = {
        Config: blobName(manifest.config.digest),
        RepoTags: reference === undefined ? [] : [familiarReference(reference)],
        Layers: manifest.layers.map(({ digest }) => blobName(digest)),
      };
      await putText(sink, "index.json", JSON.stringify(index));
      await putText(sink, "manifest.json", JSON.stringify([image]));
      await putText(sink, "oci-layout", JSON.stringify({ imageLayoutVersion }));
      await sink.finish();
    },
    [Symbol.asyncDispose]: () => sink[Symbol.asyncDispose](),
  };
}

/**
 * An image in a directory as skopeo's `dir:` has it. Signatures of another image that was there go with that.
 * Source: https://github.com/containers/image/blob/v5.36.2/directory/directory_dest.go
 */
export function writeDirImage(sink: FileSink, existing: FileSet): ImageWriter {
  const current = async () => {
    if ((await existing.size(dirManifest)) === undefined) return undefined;
    return sha256(await readWhole(existing, dirManifest, maxManifestSize));
  };
  return {
    takesIndexes: true,
    ...blobsIn(sink, dirBlob),
    current,
    putDocument: ({ digest, data }) => putText(sink, dirManifestOf(digest), data),
    async finish({ root }) {
      if ((await current()) !== root.digest) await removeDirSignatures(sink.place);
      await putText(sink, "version", "Directory Transport Version: 1.1\n");
      await putText(sink, dirManifest, root.data);
      await sink.finish();
    },
    [Symbol.asyncDispose]: () => sink[Symbol.asyncDispose](),
  };
}

function descriptorOf({ mediaType, digest, data }: SentDocument) {
  return { mediaType, digest, size: data.length };
}
