import assert from "node:assert/strict";
import { it } from "node:test";
import { type Digest, sha256 } from "../base/index.ts";
import { type Descriptor, mediaTypes } from "../specs/index.ts";
import type { ContentStore } from "./content/content-store.ts";
import { treeOfImage } from "./image-tree.ts";
import type { Snapshotter } from "./snapshots/snapshotter.ts";

it("indexes that list one another many times are refused as a tree", async () => {
  const documents = new Map<Digest, Buffer>();
  const put = (document: object, mediaType: string): Descriptor => {
    const bytes = Buffer.from(JSON.stringify(document));
    const digest = sha256(bytes);
    documents.set(digest, bytes);
    return { mediaType, digest, size: bytes.length };
  };
  const config = { mediaType: mediaTypes.config, digest: sha256("configuration"), size: 13 };
  const manifest = put(
    { schemaVersion: 2, mediaType: mediaTypes.manifest, config, layers: [] },
    mediaTypes.manifest,
  );
  const content = {
    size: async (digest: Digest) => documents.get(digest)?.length,
    load: async (digest: Digest) => documents.get(digest) as Uint8Array,
  } as unknown as ContentStore;
  const snapshotter = { info: () => undefined } as unknown as Snapshotter;
  const treeOf = (target: Descriptor) =>
    treeOfImage({ content, snapshotter }, { id: config.digest, target, manifest });
  let target = manifest;
  const wrap = (): void => {
    target = put(
      { schemaVersion: 2, mediaType: mediaTypes.index, manifests: [target, target] },
      mediaTypes.index,
    );
  };
  wrap();
  assert.equal((await treeOf(target)).children.length, 2);
  for (let depth = 0; depth < 40; depth += 1) wrap();
  await assert.rejects(treeOf(target), {
    code: "IMAGE_CONFIGURATION",
    message: `cannot show image ${config.digest}: it has more than 10000 parts`,
  });
});
