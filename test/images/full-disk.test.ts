import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { mkdir, readdir } from "node:fs/promises";
import { join } from "node:path";
import { Readable } from "node:stream";
import { test } from "node:test";
import { buildImage, ociArchive } from "../environment/index.ts";
import { openStore, requireHelper, run } from "./store.ts";

const small = buildImage({ layers: [{ entries: [{ path: "a", content: "a" }] }] });

/** Fits compressed into the small disk, and not unpacked; or not at all. */
const images = {
  "while it is unpacked": buildImage({
    layers: [{ entries: [{ path: "zeros", content: Buffer.alloc(8 * 1024 * 1024) }] }],
  }),
  "while it is stored": buildImage({
    layers: [{ entries: [{ path: "noise", content: randomBytes(8 * 1024 * 1024) }] }],
  }),
};

for (const [when, image] of Object.entries(images)) {
  test(`a disk that is full ${when} is said, and nothing of the image stays`, {
    skip: requireHelper(),
  }, async () => {
    await using store = await openStore({}, async (root) => {
      await mkdir(root);
      await run("mount", ["-t", "tmpfs", "-o", "size=3m", "tmpfs", root]);
    });
    const load = async (name: string, each: typeof image) =>
      await store.images.load(Readable.from([ociArchive({ [name]: each })]));
    await load("small:1", small);
    const before = await readdir(join(store.content, "blobs/sha256"));
    await assert.rejects(load("large:1", image), {
      code: "IMAGE_STORAGE_FULL",
      kind: "exhausted",
      message: /no space left on the disk/,
    });
    assert.deepEqual(await readdir(join(store.content, "blobs/sha256")), before);
    assert.deepEqual(await readdir(join(store.content, "ingest")), []);
    assert.equal((await readdir(join(store.content, "../snapshots"))).length, 1);
    await store.images.resolve("small:1");
    await load("other:1", buildImage({ layers: [{ entries: [{ path: "b", content: "b" }] }] }));
  });
}
