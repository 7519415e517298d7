import assert from "node:assert/strict";
import { it } from "node:test";
import { type Digest, openDatabase, sha256, silentLogger } from "../../base/index.ts";
import { imageError } from "../errors.ts";
import type { Image } from "../image-store.ts";
import { collectBytes } from "../testing/collect.ts";
import { type RestoreOptions, restoreUnsynced } from "./restore-unsynced.ts";
import { createUnsyncedTable, unsyncedMigrations } from "./unsynced-table.ts";

/** What a disk gives for a blob: its bytes, or a failure of its own. */
type Stored = string | "EIO";

/** A store after a power loss: blobs by their text, each what is left of it, and images of one layer each. */
function openScene(
  blobs: Readonly<Record<string, Stored>>,
  images: Readonly<Record<string, { from: string; is: string }>>,
) {
  const left = new Map(Object.entries(blobs).map(([text, stored]) => [sha256(text), stored]));
  const rows = Object.entries(images).map(([name, { from, is }]) => {
    const manifest = { digest: sha256(`manifest of ${name}`) };
    return { name, id: sha256(name), manifest, target: manifest, from, is };
  });
  const chains = [...new Set(rows.map(({ is }) => sha256(is)))];
  const lost: string[] = [];
  const restored: string[] = [];
  /** How many names were lost whenever the list of images was published. */
  const published: number[] = [];
  const table = createUnsyncedTable(openDatabase(":memory:", unsyncedMigrations));
  table.add(
    [...left.keys()].map((resource) => ({ kind: "blob", resource })),
    "before",
  );
  table.add(
    chains.map((resource) => ({ kind: "layer", resource })),
    "before",
  );
  const options = {
    table,
    bootId: "now",
    content: {
      size: async (digest: Digest) => left.get(digest)?.length,
      async *read(digest: Digest) {
        const stored = left.get(digest) ?? "";
        if (stored === "EIO") throw Object.assign(new Error("EIO: i/o error, read"), { code: "EIO" });
        yield Buffer.from(stored);
      },
      delete: async (digest: Digest) => left.delete(digest),
    },
    snapshotter: {
      list: () => chains.map((key) => ({ key, kind: "committed", parent: undefined })),
      prepare: async () => {},
      replace: async (name: string) => void restored.push(name),
      remove: async () => {},
      strip: async () => {},
    },
    applier: {
      async apply(_: string, { data, diffId }: { data: AsyncIterable<Uint8Array>; diffId: Digest }) {
        if (sha256(await collectBytes(data)) !== diffId) throw imageError("DIFF_ID", "another layer");
        return { form: "overlay", hidesAll: false };
      },
      settle: async () => ({ bytes: 0, inodes: 0 }),
    },
    images: { all: () => rows, delete: (names: readonly string[]) => void lost.push(...names) },
    store: {
      publish: async () => void published.push(lost.length),
      list: async () =>
        rows.map(
          ({ id, from, is }) =>
            ({
              id,
              chainIds: [sha256(is)],
              layers: [{ mediaType: "", digest: sha256(from), size: from.length }],
              config: { rootfs: { diff_ids: [sha256(is)] } },
            }) as unknown as Image,
        ),
    },
    logger: silentLogger,
  } as unknown as RestoreOptions;
  return {
    left,
    lost,
    restored,
    published,
    restore: () => restoreUnsynced(options),
    open: () => table.ofOtherBoots("now"),
  };
}

it("a layer comes from the blob of any image that has it: one may say that it is what it is not", async () => {
  for (const names of [
    ["bad", "good"],
    ["good", "bad"],
  ]) {
    const from: Record<string, string> = { bad: "something else", good: "layer" };
    const scene = openScene(
      { layer: "layer", "something else": "something else" },
      Object.fromEntries(names.map((name) => [name, { from: from[name] as string, is: "layer" }])),
    );
    await scene.restore();
    assert.deepEqual([scene.lost, scene.restored], [[], [sha256("layer")]]);
  }
});

it("a blob that the disk cannot read any more is lost, and keeps nobody from the others", async () => {
  const scene = openScene(
    { unreadable: "EIO", layer: "layer" },
    { lost: { from: "unreadable", is: "unreadable" }, whole: { from: "layer", is: "layer" } },
  );
  await scene.restore();
  assert.deepEqual([scene.lost, scene.published], [["lost"], [1]]);
  assert.deepEqual([...scene.left.keys()], [sha256("layer")]);
  assert.deepEqual(scene.restored, [sha256("layer")]);
  assert.deepEqual(scene.open(), []);
});

it("an image loses its names with its documents", async () => {
  const documents = { "manifest of half": "manifest", "manifest of whole": "manifest of whole" };
  const scene = openScene(
    { layer: "layer", ...documents },
    { half: { from: "layer", is: "layer" }, whole: { from: "layer", is: "layer" } },
  );
  await scene.restore();
  assert.deepEqual(scene.lost, ["half"]);
  assert.deepEqual(scene.restored, [sha256("layer")]);
});
