import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { Node } from "../tar/index.ts";
import { directoryNode, fileNode, hardLinkNode, symlinkNode } from "../tar/testing/archives.ts";
import { blockSize, createIndexBuilder, type Extent } from "./index.ts";

/** The image of some nodes, whose data are one after the other in one file. */
function imageOf(nodes: readonly Node[], options: { limit?: number } = {}): Buffer {
  const builder = createIndexBuilder(options);
  let offset = 0;
  for (const node of nodes) {
    builder.add(node, { device: 0, offset });
    offset += Math.ceil(node.size / blockSize) * blockSize;
  }
  return Buffer.concat([...builder.write([offset])]);
}

const add = (node: Node, extent?: Extent) => () => createIndexBuilder().add(node, extent);
const attributes = (entries: Record<string, Uint8Array>) => new Map(Object.entries(entries));
const at = { device: 0, offset: 0 };

describe("createIndexBuilder", () => {
  it("makes whole blocks with the magic number, the inodes and the devices in the superblock", () => {
    const image = imageOf([fileNode("a", { size: 1000 }), hardLinkNode("b", "a"), symlinkNode("c", "a")]);
    assert.equal(image.length % blockSize, 0);
    assert.equal(image.readUInt32LE(1024), 0xe0f5e1e2);
    assert.equal(image.readBigUInt64LE(1024 + 16), 3n);
    assert.equal(image.readUInt32LE(1024 + 36), image.length / blockSize);
    assert.equal(image.readUInt16LE(1024 + 86), 1);
    assert.equal(image.readUInt32LE(1024 + 128 + 64), 2);
  });

  it("makes the same bytes of the same files in whatever order they come", () => {
    const nodes = [fileNode("z/a"), directoryNode("b"), symlinkNode("b/c", "d")];
    const [one, other] = [imageOf(nodes), imageOf([...nodes].reverse())];
    assert.ok(one.equals(other));
  });

  it("stores an attribute once that many files have", () => {
    const xattrs = attributes({ "user.note": Buffer.alloc(1000, "v") });
    const files = Array.from({ length: 100 }, (_, index) => fileNode(`${index}`, { xattrs }));
    assert.ok(imageOf(files).length < 40_000);
  });

  it("leaves out what was replaced", () => {
    const image = imageOf([symlinkNode("a", "first-target"), symlinkNode("a", "other")]);
    assert.equal(image.includes("first-target"), false);
    assert.equal(image.readBigUInt64LE(1024 + 16), 2n);
  });

  const refused: Record<string, [Node, Extent?]> = {
    "a hard link to nothing": [hardLinkNode("a", "b")],
    "a hard link to a directory": [hardLinkNode("a", "")],
    "a file in the place of the root": [fileNode("")],
    "a name that is too long": [fileNode(`d/${"a".repeat(256)}`)],
    "an attribute whose name is too long": [
      fileNode("a", { xattrs: attributes({ [`user.${"a".repeat(251)}`]: Buffer.alloc(1) }) }),
    ],
    "an attribute of 64 KiB": [fileNode("a", { xattrs: attributes({ "user.a": Buffer.alloc(65_536) }) })],
    "attributes that no inode has room for": [
      fileNode("a", {
        xattrs: attributes(
          Object.fromEntries(Array.from({ length: 5 }, (_, each) => [`user.${each}`, Buffer.alloc(60_000)])),
        ),
      }),
    ],
    "a device number out of range": [fileNode("a", { type: "charDevice", major: 4096 })],
    "data nobody knows the place of": [fileNode("a", { size: 1 })],
    "data that do not begin with a block": [fileNode("a", { size: 1 }), { device: 0, offset: 100 }],
    "data behind what a block's number can reach": [
      fileNode("a", { size: 1 }),
      { device: 0, offset: 2 ** 41 },
    ],
    "more data than one chunk has": [fileNode("a", { size: 2 ** 40 + 1 }), at],
  };
  for (const [what, [node, extent]] of Object.entries(refused)) {
    it(`refuses ${what}`, () => {
      assert.throws(add(node, extent), { code: "EROFS_ENTRY", message: /^cannot index "/ });
    });
  }

  it("refuses files below a file, and files in the place of directories", () => {
    const builder = createIndexBuilder();
    builder.add(fileNode("file"));
    builder.add(directoryNode("directory"));
    assert.throws(() => builder.add(fileNode("file/a")), { code: "EROFS_ENTRY" });
    assert.throws(() => builder.add(fileNode("directory")), { code: "EROFS_ENTRY" });
  });

  it("refuses more attributes and targets than it is told to keep", () => {
    const files = Array.from({ length: 10 }, (_, each) => symlinkNode(`${each}`, "t".repeat(100)));
    assert.throws(() => imageOf(files, { limit: 900 }), { code: "EROFS_LIMIT", kind: "invalid" });
    imageOf(files, { limit: 1000 });
    const xattrs = (each: number) => attributes({ "user.a": Buffer.alloc(1000, `${each}`) });
    const marked = files.map((node, each) => ({
      ...node,
      type: "file" as const,
      link: "",
      xattrs: xattrs(each),
    }));
    assert.throws(() => imageOf(marked, { limit: 5000 }), { code: "EROFS_LIMIT" });
  });
});
