import assert from "node:assert/strict";
import { afterEach, beforeEach, describe, it } from "node:test";
import { archiveOf, directoryNode, fileNode, hardLinkNode, symlinkNode } from "../../tar/testing/archives.ts";
import { type FakeRegistry, startFakeRegistry } from "../testing/fake-registry.ts";
import { openTestImages, type TestImages } from "../testing/open-images.ts";
import { sampleImage, serveImage } from "../testing/sample-image.ts";

type Members = Parameters<typeof archiveOf>[0];

const file = (path: string, data = "", changes: object = {}) => ({ node: fileNode(path, changes), data });
const directory = (path: string) => ({ node: directoryNode(path) });

describe("compare", () => {
  let registry: FakeRegistry;
  let subject: TestImages;
  beforeEach(async () => {
    registry = await startFakeRegistry();
    subject = await openTestImages();
  });
  afterEach(async () => {
    await subject[Symbol.asyncDispose]();
    await registry[Symbol.asyncDispose]();
  });

  /** What differs between images of these layers: `A path`, `C path`, `D path`. */
  async function compare(before: Members[], after: Members[]): Promise<string[]> {
    for (const [tag, layers] of Object.entries({ before, after })) {
      serveImage(registry, sampleImage({ archives: layers.map(archiveOf), config: { author: tag } }), tag);
      await subject.images.pull(`${registry.host}/a/b:${tag}`);
    }
    const found = await subject.images.compare(`${registry.host}/a/b:before`, `${registry.host}/a/b:after`);
    return found.map(({ kind, path }) => `${kind.charAt(0).toUpperCase()} ${path}`);
  }

  const base: Members = [
    directory("etc"),
    file("etc/same", "same"),
    file("etc/bytes", "old!"),
    file("etc/size", "1"),
    file("etc/mode", "x"),
    file("etc/gone", "x"),
    directory("dir"),
    file("dir/a", "a"),
    file("dir/b", "b"),
    { node: symlinkNode("link", "etc/same") },
  ];

  it("finds nothing between images with the same files, however they are layered", async () => {
    assert.deepEqual(await compare([base], [base]), []);
    assert.deepEqual(await compare([base], [base.slice(0, 4), base.slice(4)]), []);
    assert.deepEqual(
      await compare([base], [base, [file("etc/same", "same", { mtime: { seconds: 9, nanoseconds: 0 } })]]),
      [],
    );
  });

  it("takes a directory that a layer only implies for the one that is there", async () => {
    const own: Members = [{ node: { ...directoryNode("d"), mode: 0o1777 } }, file("d/a", "a")];
    assert.deepEqual(await compare([own, [file("d/b", "b")]], [[...own, file("d/b", "b")]]), []);
  });

  it("finds what a layer changes of the layers that both have", async () => {
    const top: Members = [
      file("etc/same", "same"),
      file("etc/bytes", "new!"),
      file("etc/size", "22"),
      file("etc/mode", "x", { mode: 0o755 }),
      file("etc/.wh.gone"),
      file(".wh.dir"),
      file("added/deep", "x"),
      { node: symlinkNode("link", "etc/bytes") },
    ];
    assert.deepEqual(await compare([base], [base, top]), [
      "A added",
      "A added/deep",
      "D dir",
      "C etc/bytes",
      "D etc/gone",
      "C etc/mode",
      "C etc/size",
      "C link",
    ]);
  });

  it("sees through opaque directories, and files where directories were", async () => {
    const opaque: Members = [directory("dir"), file("dir/.wh..wh..opq"), file("dir/b", "b")];
    assert.deepEqual(await compare([base], [base, opaque]), ["D dir/a"]);
    assert.deepEqual(await compare([base], [base, [file(".wh.dir"), file("dir", "now a file")]]), [
      "C dir",
      "D dir/a",
      "D dir/b",
    ]);
  });

  it("compares images that have nothing in common by the bytes of their files", async () => {
    const other: Members = base.map((member) =>
      member.node.path === "etc/bytes" ? file("etc/bytes", "new!") : member,
    );
    assert.deepEqual(await compare([base], [other]), ["C etc/bytes"]);
  });

  it("takes further names of a file for the file", async () => {
    const names: Members = [file("one", "x"), { node: hardLinkNode("two", "one") }];
    assert.deepEqual(await compare([names], [[file("one", "x"), file("two", "x")]]), []);
    assert.deepEqual(await compare([names], [[file("one", "x"), file("two", "y")]]), ["C two"]);
  });

  it("needs both images", async () => {
    await assert.rejects(subject.images.compare("none", "none"), { code: "IMAGE_NOT_FOUND" });
  });
});
