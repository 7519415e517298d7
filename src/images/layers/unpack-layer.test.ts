import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { gzipSync, zstdCompressSync } from "node:zlib";
import { sha256 } from "../../base/index.ts";
import {
  archiveOf,
  directoryNode,
  fileNode,
  hardLinkNode,
  member,
  readAll,
  symlinkNode,
} from "../../tar/testing/archives.ts";
import { briefPieces } from "../testing/brief-pieces.ts";
import { collectBytes } from "../testing/collect.ts";
import { createMemoryTrees } from "../testing/memory-trees.ts";
import { exportLayer, exportTar } from "./export-tar.ts";
import { defaultLimits } from "./limits.ts";
import { unpackLayer } from "./unpack-layer.ts";

const archive = archiveOf([
  { node: directoryNode("etc", { mode: 0o700, mtime: { seconds: 7, nanoseconds: 0 } }) },
  { node: fileNode("etc/motd"), data: "hello" },
  { node: hardLinkNode("etc/link", "etc/motd") },
  { node: fileNode("etc/.wh.gone") },
  { node: directoryNode("opt") },
  { node: fileNode("opt/.wh..wh..opq") },
  { node: symlinkNode("bin", "usr/bin") },
  { node: fileNode("bin/sh"), data: "x".repeat(300_000) },
]);

function unpack(blob: Uint8Array, trees = createMemoryTrees(), diffId = sha256(archive)) {
  return unpackLayer(briefPieces(blob, 50_000), {
    trees,
    directory: "/layer",
    diffId,
    blobSize: blob.length,
  });
}

describe("unpackLayer", () => {
  for (const [name, compress] of Object.entries({
    gzip: gzipSync,
    zstd: zstdCompressSync,
    no: Buffer.from,
  })) {
    it(`writes the files of a layer with ${name} compression`, async () => {
      const trees = createMemoryTrees();
      const { usage, hidesAll } = await unpack(compress(archive), trees);
      const tree = trees.tree("/layer");
      assert.deepEqual([...tree.keys()].sort(), [
        "",
        "bin",
        "etc",
        "etc/gone",
        "etc/link",
        "etc/motd",
        "opt",
        "usr",
        "usr/bin",
        "usr/bin/sh",
      ]);
      assert.equal(tree.get("etc/motd")?.data.toString(), "hello");
      assert.equal(tree.get("etc/link"), tree.get("etc/motd"));
      assert.equal(tree.get("etc/gone")?.node.type, "charDevice");
      assert.equal(tree.get("usr/bin/sh")?.data.length, 300_000);
      assert.equal(tree.get("etc")?.node.mode, 0o700);
      assert.equal(hidesAll, false);
      assert.equal(usage.inodes, 8);
    });
  }

  it("refuses an archive with another digest, before the tree is complete", async () => {
    await assert.rejects(unpack(archive, createMemoryTrees(), sha256("another")), {
      code: "IMAGE_DIFF_ID",
      kind: "dataLoss",
    });
  });

  it("tells the reason why a stream broke, not that it did", async () => {
    const hostile = archiveOf([{ node: fileNode("../x") }]);
    const trees = createMemoryTrees();
    const unpackThere = trees.unpack;
    trees.unpack = (...args) =>
      unpackThere(...args).catch(() => {
        throw new Error("the stream broke");
      });
    await assert.rejects(unpack(hostile, trees), { code: "IMAGE_LAYER_ENTRY" });
    await assert.rejects(unpack(gzipSync(archive).subarray(0, 500), trees), { code: "IMAGE_COMPRESSION" });
  });

  it("passes on that the port failed", async () => {
    const trees = createMemoryTrees();
    trees.unpack = async () => {
      throw new Error("no space left");
    };
    await assert.rejects(unpack(archive, trees), /no space left/);
  });

  it("tells the port's reason when the port throws it into the stream, and lets go of the source", async () => {
    let released = false;
    async function* source() {
      try {
        yield archive;
        yield Buffer.alloc(0);
      } finally {
        released = true;
      }
    }
    const trees = createMemoryTrees();
    trees.unpack = async (_directory, records) => {
      const iterator = records[Symbol.asyncIterator]();
      await iterator.next();
      await iterator.throw?.(new Error("broken pipe")).catch(() => undefined);
      throw new Error("no space left");
    };
    const options = { trees, directory: "/l", diffId: sha256(archive), blobSize: archive.length };
    await assert.rejects(unpackLayer(source(), options), /no space left/);
    assert.equal(released, true);
  });

  it("reads all of its source, whatever follows the archive", async () => {
    let read = 0;
    const padded = Buffer.concat([archive, Buffer.alloc(200_000)]);
    async function* counted() {
      for await (const chunk of briefPieces(padded, 50_000)) {
        read += chunk.length;
        yield chunk;
      }
    }
    const options = { trees: createMemoryTrees(), directory: "/l", diffId: sha256(padded), blobSize: 1 };
    await unpackLayer(counted(), options);
    assert.equal(read, padded.length);
  });

  it("refuses an archive that goes on and on behind its end, whatever is in it", async () => {
    const padded = Buffer.concat([archive, Buffer.alloc(5_000_000)]);
    const blob = zstdCompressSync(padded);
    const limits = { ...defaultLimits, freeBytes: 1_000_000, ratio: 100 };
    const options = { directory: "/l", diffId: sha256(padded), blobSize: blob.length };
    await assert.rejects(
      unpackLayer(briefPieces(blob, 50_000), { ...options, trees: createMemoryTrees(), limits }),
      {
        code: "IMAGE_LAYER_LIMIT",
      },
    );
    const more = { ...limits, ratio: 100_000 };
    await unpackLayer(briefPieces(blob, 50_000), { ...options, trees: createMemoryTrees(), limits: more });
    await assert.rejects(
      unpackLayer(briefPieces(blob, 50_000), {
        ...options,
        trees: createMemoryTrees(),
        limits: { ...more, bytes: 4_000_000 },
      }),
      { code: "IMAGE_LAYER_LIMIT" },
    );
  });

  it("refuses what is no archive", async () => {
    const text = Buffer.from("<html>not found</html>".repeat(100));
    await assert.rejects(unpack(text, createMemoryTrees(), sha256(text)), { code: "TAR_ARCHIVE" });
    await assert.rejects(unpack(member({ name: "a", data: "b" }).subarray(0, 512)), {
      code: "TAR_ARCHIVE",
    });
  });
});

describe("exportTar and exportLayer", () => {
  it("give a tree back as an archive", async () => {
    const trees = createMemoryTrees();
    await unpack(archive, trees);
    const tar = await collectBytes(exportTar(trees.pack("/layer", { path: "etc" })));
    assert.deepEqual(
      readAll(tar).map(({ node, data }) => [node.type, node.path, node.link, data.toString()]),
      [
        ["directory", "etc/", "", ""],
        ["charDevice", "etc/gone", "", ""],
        ["file", "etc/link", "", "hello"],
        ["hardLink", "etc/motd", "etc/link", ""],
      ],
    );
  });

  it("give an upper directory back as a layer", async () => {
    const trees = createMemoryTrees();
    await unpack(archive, trees);
    const layer = await collectBytes(exportLayer(trees.pack("/layer", {})));
    const members = readAll(layer);
    assert.deepEqual(
      members.map(({ node }) => node.path),
      [
        "./",
        "bin",
        "etc/",
        "etc/.wh.gone",
        "etc/link",
        "etc/motd",
        "opt/",
        "opt/.wh..wh..opq",
        "usr/",
        "usr/bin/",
        "usr/bin/sh",
      ],
    );
    assert.ok(members.every(({ node }) => node.xattrs.size === 0));
    const again = createMemoryTrees();
    await unpack(layer, again, sha256(layer));
    assert.deepEqual([...again.tree("/layer").keys()].sort(), [...trees.tree("/layer").keys()].sort());
  });
});
