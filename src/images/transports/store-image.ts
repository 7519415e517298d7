import { maxManifestSize } from "../../specs/index.ts";
import type { ContentStore } from "../content/content-store.ts";
import { storeBlob } from "../fetch-blob.ts";
import { type ImageStore, notFound } from "../image-store.ts";
import type { ImageTable } from "../image-table.ts";
import { type InstallerOptions, installImage, noSource } from "../install.ts";
import type { Leases } from "../leases.ts";
import { outgoing } from "../outgoing.ts";
import { chooseManifest, hostPlatform } from "../platform.ts";
import {
  formatReference,
  parseReference,
  parseTag,
  type ReferenceOptions,
  withoutTagBesideDigest,
} from "../reference.ts";
import { checkNamedDigest } from "./checked-document.ts";
import type { ImageReader, ImageWriter } from "./open-image.ts";

export type StorePlaceOptions = InstallerOptions & {
  store: ImageStore;
  table: ImageTable;
  leases: Leases;
  references: ReferenceOptions;
};

/** An image of the store; of an index that is not all here, the image that is. */
export async function readStoreImage(
  { content, store, leases }: StorePlaceOptions,
  name: string,
): Promise<ImageReader> {
  const record = store.find(name);
  if (record === undefined) throw notFound(name);
  const lease = leases.temporary();
  try {
    const { root } = await outgoing({ content, record, verb: "copy", name });
    await lease.retain({ kind: "manifest", resource: root.digest });
    return {
      root: async () => root,
      document: ({ digest }) => content.load(digest, maxManifestSize),
      blob: ({ digest }, options) => content.read(digest, options),
      [Symbol.asyncDispose]: async () => lease.release(),
    };
  } catch (error) {
    lease.release();
    throw error;
  }
}

/** An image that comes into the store, and is unpacked there. */
export function writeStoreImage(options: StorePlaceOptions, text: string): ImageWriter {
  const { content, store, table, leases, references } = options;
  const reference = parseReference(text, references);
  const name = formatReference(
    reference.digest === undefined ? parseTag(text, references) : withoutTagBesideDigest(reference),
  );
  const lease = leases.temporary();
  const put = async (digest: Parameters<ContentStore["size"]>[0], data: Uint8Array): Promise<void> => {
    await lease.retain({ kind: "manifest", resource: digest });
    await using ingest = await content.ingest({ digest, size: data.length });
    await ingest?.write(data);
    await ingest?.commit();
  };
  return {
    takesIndexes: true,
    current: async () => table.get(name)?.target.digest,
    async hasBlob(digest) {
      await lease.retain({ kind: "blob", resource: digest });
      return (await content.size(digest)) !== undefined;
    },
    async putBlob(blob, read, { signal }) {
      await storeBlob(blob, { content, source: (_, { offset }) => read(offset), signal });
      return { mountedFrom: undefined };
    },
    putDocument: ({ digest, data }) => put(digest, data),
    async finish({ root }, signal) {
      checkNamedDigest(reference, root);
      await put(root.digest, root.data);
      const target = { mediaType: root.mediaType, digest: root.digest, size: root.data.length };
      const choose = ({ index }: { index: Parameters<typeof chooseManifest>[0] }) =>
        chooseManifest(index, hostPlatform(), name, { orElse: true });
      const install = { name, target, source: noSource(name), choose, lease, signal };
      await store.put([name], await installImage(options, install));
    },
    [Symbol.asyncDispose]: async () => lease.release(),
  };
}
