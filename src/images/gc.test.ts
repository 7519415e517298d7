import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { it } from "node:test";
import { openDatabase, sha256 } from "../base/index.ts";
import { mediaTypes } from "../specs/index.ts";
import { openLayoutStore } from "./content/layout-store.ts";
import { collectGarbage } from "./gc.ts";
import { createImageTable } from "./image-table.ts";
import { openLeases } from "./leases.ts";
import { imagesMigrations } from "./open-images.ts";
import { createSignatureTable } from "./signatures/signature-table.ts";
import { openOverlaySnapshotter } from "./snapshots/overlay.ts";

it("a collection takes the signatures of what is gone, and not those of what comes meanwhile", async (t) => {
  const root = await mkdtemp(join(tmpdir(), "tug-gc-"));
  t.after(() => rm(root, { recursive: true }));
  using database = openDatabase(":memory:", imagesMigrations);
  const content = await openLayoutStore(join(root, "content"), { now: Date.now });
  const snapshots = { root: join(root, "snapshots"), database, now: Date.now };
  const snapshotter = await openOverlaySnapshotter({
    ...snapshots,
    measure: async () => ({ bytes: 0, inodes: 0 }),
  });
  const [table, leases, signatures] = [
    createImageTable(database),
    openLeases(database),
    createSignatureTable(database),
  ];
  const options = { content, snapshotter, table, leases, signatures };
  const [old, fresh] = [sha256("old"), sha256("fresh")];
  const signature = { payload: new Uint8Array([1]), signature: "AA==" };
  signatures.add(old, [signature]);

  const arrive = async (): Promise<void> => {
    using lease = leases.temporary();
    await lease.retain({ kind: "manifest", resource: fresh });
    signatures.add(fresh, [signature]);
    const manifest = { mediaType: mediaTypes.manifest, digest: fresh, size: 5 };
    table.put(["docker.io/a/b:1"], { id: sha256("configuration"), manifest, target: manifest }, 0);
  };
  async function* walk() {
    await arrive();
    yield* content.walk();
  }
  await collectGarbage({ ...options, content: { ...content, walk } });
  assert.deepEqual(signatures.subjects(), [fresh]);
  table.delete(["docker.io/a/b:1"]);
  await collectGarbage(options);
  assert.deepEqual(signatures.subjects(), []);
});
