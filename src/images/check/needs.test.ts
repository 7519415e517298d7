import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { it } from "node:test";
import { sha256 } from "../../base/index.ts";
import { type Descriptor, mediaTypes } from "../../specs/index.ts";
import type { ContentStore } from "../content/content-store.ts";
import { openLayoutStore } from "../content/layout-store.ts";
import type { ImageRow } from "../image-table.ts";
import { findNeeds } from "./needs.ts";

async function put(content: ContentStore, document: object, mediaType: string): Promise<Descriptor> {
  const bytes = Buffer.from(JSON.stringify(document));
  const descriptor = { mediaType, digest: sha256(bytes), size: bytes.length };
  await using ingest = await content.ingest(descriptor);
  await ingest?.write(bytes);
  await ingest?.commit();
  return descriptor;
}

it("a document is read once for an image, however often its indexes list it", async (t) => {
  const root = await mkdtemp(join(tmpdir(), "tug-needs-"));
  t.after(() => rm(root, { recursive: true }));
  const content = await openLayoutStore(root);
  const config = { mediaType: mediaTypes.config, digest: sha256("configuration"), size: 13 };
  const manifest = await put(
    content,
    { schemaVersion: 2, mediaType: mediaTypes.manifest, config, layers: [] },
    mediaTypes.manifest,
  );
  let target = manifest;
  // Each listed twice in the next: one by one, the last would be read a thousand million times.
  for (let depth = 0; depth < 30; depth += 1) {
    const index = { schemaVersion: 2, mediaType: mediaTypes.index, manifests: [target, target] };
    target = await put(content, index, mediaTypes.index);
  }
  let read = 0;
  const counting: ContentStore = {
    ...content,
    load: (digest, limit) => {
      read += 1;
      assert.ok(read < 100, "read again and again");
      return content.load(digest, limit);
    },
  };
  const row: ImageRow = { name: "docker.io/a/b:1", id: config.digest, manifest, target, updated: 0 };
  const { blobs } = await findNeeds({
    content: counting,
    table: { all: () => [row] } as never,
    isHosted: () => false,
  });
  assert.deepEqual([blobs.size, blobs.get(manifest.digest)?.isRequired], [32, true]);
  assert.equal(blobs.get(config.digest)?.isRequired, true);
});
