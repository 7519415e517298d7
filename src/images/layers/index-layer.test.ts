import assert from "node:assert/strict";
import { mkdtemp, readdir, readFile, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, it } from "node:test";
import { gzipSync, zstdCompressSync } from "node:zlib";
import { sha256 } from "../../base/index.ts";
import { archiveOf, fileNode, hardLinkNode, member, paxHeader } from "../../tar/testing/archives.ts";
import { briefPieces } from "../testing/brief-pieces.ts";
import { indexLayer, layerFiles } from "./index-layer.ts";
import { defaultLimits } from "./limits.ts";

describe("indexLayer", () => {
  let directory: string;
  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), "tug-index-"));
  });
  afterEach(() => rm(directory, { recursive: true }));

  const index = (archive: Uint8Array, options: { blob?: Uint8Array; signal?: AbortSignal } = {}) => {
    const { blob = gzipSync(archive) } = options;
    return indexLayer(briefPieces(blob, 10_000), {
      directory,
      diffId: sha256(archive),
      blobSize: blob.length,
      ...options,
    });
  };
  const kept = (name: string) => readFile(join(directory, name));

  it("keeps the archive as it came, and makes no other file before it is complete", async () => {
    const archive = archiveOf([{ node: fileNode("a"), data: "a".repeat(100_000) }]);
    const layer = await index(archive);
    assert.deepEqual(await readdir(directory), [layerFiles.archive]);
    assert.ok((await kept(layerFiles.archive)).equals(archive));
    const { bytes, inodes } = await layer.complete([]);
    assert.equal(inodes, 2);
    assert.ok(bytes > 0);
    assert.equal((await stat(join(directory, layerFiles.index))).mode & 0o777, 0o600);
  });

  it("keeps an archive that is not compressed, or with zstd", async () => {
    const archive = archiveOf(
      Array.from({ length: 90 }, (_, index) => ({
        node: fileNode(`file-${index}`),
        data: "a".repeat(index * 111),
      })),
    );
    for (const blob of [archive, zstdCompressSync(archive)]) {
      await index(archive, { blob });
      assert.ok((await kept(layerFiles.archive)).equals(archive));
      await rm(join(directory, layerFiles.archive));
    }
  });

  it("keeps sparse files in their full size beside it, without taking room for holes", async () => {
    const size = 64 * 1024 * 1024;
    const map = { "GNU.sparse.size": String(size), "GNU.sparse.map": `${size - 3},3` };
    const archive = Buffer.concat([paxHeader(map), member({ name: "s", data: "end" }), Buffer.alloc(1024)]);
    const layer = await index(archive);
    const { bytes, inodes } = await layer.complete([]);
    assert.deepEqual([inodes, (await stat(join(directory, layerFiles.sparse))).size], [3, size]);
    assert.ok(bytes < 1024 * 1024);
    assert.equal((await kept(layerFiles.sparse)).subarray(size - 4).toString(), "\0end");
  });

  const file = (name: string, data = "") => archiveOf([{ node: fileNode(name), data }]);
  const refused: Record<string, [archive: Buffer, code: string, options?: object]> = {
    "another archive than the one that was named": [file("a"), "IMAGE_DIFF_ID", { diffId: sha256("other") }],
    "an archive that ends early": [file("a", "x".repeat(2000)).subarray(0, 1024), "TAR_ARCHIVE"],
    "a name that leads out": [file("../a"), "IMAGE_LAYER_ENTRY"],
    "a link to a file of the machine": [
      archiveOf([{ node: hardLinkNode("a", "/etc/shadow") }]),
      "IMAGE_LAYER_ENTRY",
    ],
    "a sparse file of a size that nobody has": [
      Buffer.concat([
        paxHeader({ "GNU.sparse.size": String(2 ** 39), "GNU.sparse.map": "0,1" }),
        member({ name: "s", data: "x" }),
        Buffer.alloc(1024),
      ]),
      "IMAGE_LAYER_LIMIT",
    ],
    "an archive that goes on and on behind its end": [
      Buffer.concat([file("a"), Buffer.alloc(500_000)]),
      "IMAGE_LAYER_LIMIT",
      { limits: { ...defaultLimits, freeBytes: 100_000, ratio: 100 } },
    ],
    "an attribute that no index has room for": [
      archiveOf([{ node: fileNode("a", { xattrs: new Map([["user.a", Buffer.alloc(65_536)]]) }) }]),
      "EROFS_ENTRY",
    ],
  };
  for (const [what, [archive, code, options]] of Object.entries(refused)) {
    it(`refuses ${what}`, async () => {
      await assert.rejects(index(archive, options), { code });
      assert.equal((await readdir(directory)).includes(layerFiles.index), false);
    });
  }

  it("ends when it is told to", async () => {
    const reason = new Error("enough");
    const signal = AbortSignal.abort(reason);
    await assert.rejects(index(file("a"), { signal }), reason);
  });
});
