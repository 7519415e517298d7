import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { it } from "node:test";
import { type Digest, openDatabase, sha256 } from "../base/index.ts";
import { type Descriptor, maxConfigSize, mediaTypes } from "../specs/index.ts";
import type { ContentStore } from "./content/content-store.ts";
import { openLayoutStore } from "./content/layout-store.ts";
import { collectGarbage } from "./gc.ts";
import { createImageTable } from "./image-table.ts";
import { openLeases } from "./leases.ts";
import { imagesMigrations } from "./open-images.ts";
import { createSignatureTable } from "./signatures/signature-table.ts";
import { openOverlaySnapshotter } from "./snapshots/overlay.ts";

/** A store with one image whose name comes last, and what a collection takes of it. */
async function openScene() {
  await using scope = new AsyncDisposableStack();
  const root = await mkdtemp(join(tmpdir(), "tug-gc-"));
  scope.defer(() => rm(root, { recursive: true }));
  const database = scope.use(openDatabase(":memory:", imagesMigrations));
  const content = await openLayoutStore(join(root, "content"));
  const snapshotter = await openOverlaySnapshotter({
    root: join(root, "snapshots"),
    database,
    now: Date.now,
    measure: async () => ({ bytes: 0, inodes: 0 }),
  });
  const table = createImageTable(database);
  const options = {
    content,
    snapshotter,
    table,
    leases: openLeases(database),
    signatures: createSignatureTable(database),
  };
  const put = (data: string | object, mediaType: string): Promise<Descriptor> =>
    putBlob(content, data, mediaType);
  const diffId = sha256("tar");
  const layer = await put("layer of the good one", mediaTypes.layer);
  const config = await put(configWith(diffId), mediaTypes.config);
  const good = await put(manifestWith(config, layer), mediaTypes.manifest);
  const add = (name: string, target: Descriptor, manifest: Descriptor, id: Digest): void =>
    table.put([`docker.io/${name}:1`], { id, target, manifest }, 0);
  add("z/good", good, good, config.digest);
  await snapshotter.prepare("unpack");
  await snapshotter.commit(diffId, "unpack", {
    parent: undefined,
    usage: { bytes: 0, inodes: 0 },
    hidesAll: false,
  });
  const open = scope.move();
  return {
    put,
    add,
    good,
    collect: async () => {
      const { blobs, snapshots } = await collectGarbage(options);
      return { blobs, snapshots };
    },
    [Symbol.asyncDispose]: () => open.disposeAsync(),
  };
}

async function putBlob(content: ContentStore, data: string | object, mediaType: string): Promise<Descriptor> {
  const bytes = Buffer.from(typeof data === "string" ? data : JSON.stringify(data));
  const descriptor = { mediaType, digest: sha256(bytes), size: bytes.length };
  await using ingest = await content.ingest(descriptor);
  await ingest?.write(bytes);
  await ingest?.commit();
  return descriptor;
}

function configWith(...diffIds: string[]): object {
  return { os: "linux", architecture: "amd64", rootfs: { type: "layers", diff_ids: diffIds } };
}

function manifestWith(config: Descriptor, ...layers: Descriptor[]): object {
  return { schemaVersion: 2, mediaType: mediaTypes.manifest, config, layers };
}

function indexOf(...manifests: Descriptor[]): object {
  return { schemaVersion: 2, mediaType: mediaTypes.index, manifests };
}

const nothing = { blobs: [], snapshots: [] };

it("an image that calls another one's manifest a layer does not take its parts along", async () => {
  await using scene = await openScene();
  const { put, add, good } = scene;
  const config = await put(configWith(sha256("other")), mediaTypes.config);
  const bad = await put(manifestWith(config, { ...good, mediaType: mediaTypes.layer }), mediaTypes.manifest);
  add("a/bad", bad, bad, config.digest);
  assert.deepEqual(await scene.collect(), nothing);
});

it("nor does one whose layers unpacked are said to have that digest", async () => {
  await using scene = await openScene();
  const { put, add, good } = scene;
  const config = await put(configWith(good.digest), mediaTypes.config);
  const bad = await put(manifestWith(config, await put("layer", mediaTypes.layer)), mediaTypes.manifest);
  add("a/bad", bad, bad, config.digest);
  assert.deepEqual(await scene.collect(), nothing);
});

it("what an image calls a manifest without its being one keeps no garbage", async () => {
  await using scene = await openScene();
  const { put, add, good } = scene;
  const garbage = await put("garbage", mediaTypes.layer);
  const long = await put(" ".repeat(maxConfigSize + 1), mediaTypes.config);
  const config = await put(configWith(), mediaTypes.config);
  const text = await put("no document", mediaTypes.manifest);
  const bad = await put(manifestWith(config, text), mediaTypes.manifest);
  const worse = await put(manifestWith(long), mediaTypes.manifest);
  const index = await put(
    indexOf(bad, worse, text, { ...long, mediaType: mediaTypes.manifest }, good),
    mediaTypes.index,
  );
  add("a/bad", index, bad, config.digest);
  assert.deepEqual(await scene.collect(), { blobs: [garbage.digest], snapshots: [] });
});
