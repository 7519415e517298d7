import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { Node } from "../../tar/index.ts";
import { directoryNode, fileNode, hardLinkNode, symlinkNode } from "../../tar/testing/archives.ts";
import { defaultLimits } from "./limits.ts";
import { createLayerTranslator, type TranslatorOptions } from "./translate.ts";

/** What is written for entries, in short: `d path`, `f path`, `l path -> target`, `h path = target`, `w path`. */
function translate(entries: Node[], options?: TranslatorOptions): string[] {
  const translator = createLayerTranslator(options);
  return entries
    .flatMap((node) => translator.translate({ kind: "node", node }))
    .map((piece) => (piece.kind === "node" ? short(piece.node) : "data"));
}

function short({ type, path, link, major, minor, xattrs }: Node): string {
  const marks = [...xattrs].map(([name, value]) => ` +${name}=${Buffer.from(value)}`).join("");
  if (type === "charDevice" && major === 0 && minor === 0) return `w ${path}`;
  const arrow = type === "symlink" ? ` -> ${link}` : type === "hardLink" ? ` = ${link}` : "";
  return `${type[0] === "s" ? "l" : type[0]} ${path}${arrow}${marks}`;
}

const file = fileNode;
const directory = directoryNode;
const opaque = " +trusted.overlay.opaque=y";
const refused = (message: RegExp) => ({ code: "IMAGE_LAYER_ENTRY", kind: "invalid", message });

describe("names", () => {
  it("are relative to the root, however they are written", () => {
    assert.deepEqual(
      translate([directory("./"), directory("./a/"), file("/a//b"), file("a/./c"), file("///d")]),
      ["d ", "d a", "f a/b", "f a/c", "f d"],
    );
  });

  const hostile: Record<string, Node> = {
    "a parent directory": file("../../etc/passwd"),
    "a parent directory inside": file("a/../../etc/passwd"),
    "a parent directory at the end": directory("a/.."),
    "an absolute parent directory": file("/../etc/passwd"),
    "a NUL byte": file("a\0b"),
    "a part of 256 bytes": file("n".repeat(256)),
    "4096 bytes": file(`${"n".repeat(250)}/`.repeat(17)),
    "a depth of 2000": file("d/".repeat(2000)),
    "the root as a file": file("/"),
    "a whiteout of nothing": file(".wh."),
    "a whiteout of the directory itself": file("a/.wh.."),
    "a whiteout of the parent": file("a/.wh..."),
  };
  for (const [name, node] of Object.entries(hostile)) {
    it(`are refused with ${name}`, () =>
      assert.throws(() => translate([node]), refused(/^cannot unpack entry "/)));
  }
});

describe("links", () => {
  it("of this layer are followed inside the root for what lies below them", () => {
    const entries = [
      directory("usr/lib"),
      symlinkNode("lib", "usr/lib"),
      file("lib/x"),
      hardLinkNode("y", "lib/x"),
    ];
    assert.deepEqual(translate(entries).slice(1), [
      "d usr/lib",
      "l lib -> usr/lib",
      "f usr/lib/x",
      "h y = usr/lib/x",
    ]);
  });

  it("to an absolute place mean the layer's root", () => {
    assert.deepEqual(translate([symlinkNode("a", "/etc"), file("a/passwd")]).at(-1), "f etc/passwd");
  });

  it("that climb stop at the layer's root", () => {
    const entries = [symlinkNode("a/b/up", "../../../../../../etc"), file("a/b/up/passwd")];
    assert.deepEqual(translate(entries).at(-1), "f etc/passwd");
  });

  it("may go over other links", () => {
    const entries = [symlinkNode("a", "b/c"), symlinkNode("b", "/d"), file("a/x")];
    assert.deepEqual(translate(entries).at(-1), "f d/c/x");
  });

  it("are refused when they go in circles", () => {
    assert.throws(
      () => translate([symlinkNode("a", "b"), symlinkNode("b", "a"), file("a/x")]),
      refused(/too many/),
    );
    assert.throws(() => translate([symlinkNode("a", "a/a"), file("a/x")]), refused(/too many/));
  });

  it("keep any target that a link can have", () => {
    assert.deepEqual(translate([symlinkNode("a", "../../../../etc/shadow")]), [
      "l a -> ../../../../etc/shadow",
    ]);
    for (const target of ["", "x\0y", "t".repeat(5000)]) {
      assert.throws(() => translate([symlinkNode("a", target)]), refused(/target of a symbolic link/));
    }
  });

  it("do not lead a replaced name elsewhere", () => {
    const entries = [symlinkNode("a", "/etc"), directory("a"), file("a/x")];
    assert.deepEqual(translate(entries), ["l a -> /etc", "d a", "f a/x"]);
  });

  const hostile: Record<string, Node[]> = {
    "out of the root": [hardLinkNode("a", "../../etc/passwd")],
    "to a file that the layer does not have": [hardLinkNode("a", "etc/passwd")],
    "to an absolute path outside of the layer": [hardLinkNode("a", "/etc/passwd")],
    "through a symbolic link out of the root": [
      symlinkNode("s", "/../../etc"),
      hardLinkNode("a", "s/passwd"),
    ],
    "to a directory": [directory("d"), hardLinkNode("a", "d")],
    "to the root": [hardLinkNode("a", "/")],
    "to itself": [file("a"), hardLinkNode("a", "a")],
    "to a whiteout": [file(".wh.w"), hardLinkNode("a", "w")],
  };
  for (const [name, entries] of Object.entries(hostile)) {
    it(`are refused as hard links ${name}`, () =>
      assert.throws(() => translate(entries), refused(/hard link|"\.\."/)));
  }
});

describe("entries that come twice", () => {
  it("replace files by files, and set the metadata of directories again", () => {
    assert.deepEqual(translate([file("a"), symlinkNode("a", "b"), directory("d"), directory("d")]), [
      "f a",
      "l a -> b",
      "d d",
      "d d",
    ]);
  });

  it("are refused where a file would replace a directory, also an implied one", () => {
    for (const first of [directory("a"), file("a/b")]) {
      assert.throws(
        () => translate([first, file("a")]),
        refused(/a directory of the same layer is in its way/),
      );
    }
  });

  it("are refused where a file would have to be a directory", () => {
    assert.throws(
      () => translate([file("a"), file("a/b")]),
      refused(/a file of the same layer is in its way/),
    );
  });
});

describe("whiteouts", () => {
  it("become device nodes, and opaque markers attributes", () => {
    const entries = [file("a/.wh.b"), directory("d"), file("d/.wh..wh..opq"), file("d/x")];
    assert.deepEqual(translate(entries), ["d a", "w a/b", "d d", `d d${opaque}`, "f d/x"]);
  });

  it("make a directory opaque before its own entry comes, and once", () => {
    const entries = [file("d/.wh..wh..opq"), directory("d"), file("d/.wh..wh..opq")];
    assert.deepEqual(translate(entries), ["d d", `d d${opaque}`, `d d${opaque}`]);
  });

  it("leave what the layer itself has, in either order", () => {
    assert.deepEqual(translate([file(".wh.a"), file("a")]), ["w a", "f a"]);
    assert.deepEqual(translate([file("a"), file(".wh.a")]), ["f a"]);
    assert.deepEqual(translate([file(".wh.d"), directory("d")]), ["w d", `d d${opaque}`]);
    assert.deepEqual(translate([directory("d"), file(".wh.d")]), ["d d", `d d${opaque}`]);
    assert.deepEqual(translate([file(".wh.d"), file("d/x")]), ["w d", `d d${opaque}`, "f d/x"]);
    assert.deepEqual(translate([file("d/x"), file(".wh.d")]), ["d d", "f d/x", `d d${opaque}`]);
  });

  it("of the whole root are told apart", () => {
    const translator = createLayerTranslator();
    assert.deepEqual(translator.translate({ kind: "node", node: file(".wh..wh..opq") }), []);
    assert.equal(translator.hidesAll(), true);
    assert.equal(createLayerTranslator().hidesAll(), false);
  });

  it("may come as device nodes, as careless tools write them", () => {
    assert.deepEqual(translate([fileNode("a", { type: "charDevice" })]), ["w a"]);
  });

  it("of AUFS's own files mean nothing, with their data", () => {
    const translator = createLayerTranslator();
    const node = file(".wh..wh.plnk/1.2", { size: 3 });
    assert.deepEqual(translator.translate({ kind: "node", node: { ...node, path: ".wh..wh.aufs" } }), []);
    assert.deepEqual(translator.translate({ kind: "data", data: Buffer.from("abc") }), []);
    assert.equal(translator.translate({ kind: "node", node: file("b", { size: 1 }) }).length, 1);
    assert.equal(translator.translate({ kind: "data", data: Buffer.from("x") }).length, 1);
  });
});

describe("outlines", () => {
  function outline(entries: Node[]): string[] {
    const translator = createLayerTranslator();
    for (const node of entries) translator.translate({ kind: "node", node });
    return translator.outline().map(({ node, implied }) => `${short(node)}${implied ? " implied" : ""}`);
  }

  it("tell directories with an entry from those that files imply, and whiteouts", () => {
    const entries = [file("a/b/c"), directory("a"), file("x/.wh.y"), directory("z")];
    assert.deepEqual(outline(entries), ["d  implied", "d a", "d a/b implied", "d x implied", "w x/y", "d z"]);
  });

  it("tell an opaque directory from one that replaces what was there", () => {
    assert.deepEqual(outline([directory(""), file("d/.wh..wh..opq")]), ["d ", `d d${opaque} implied`]);
    assert.deepEqual(outline([directory(""), file(".wh.d"), file("d/x")]), ["d ", `d d${opaque}`]);
    assert.deepEqual(outline([directory(""), file("d/x"), file(".wh.d")]), ["d ", `d d${opaque}`]);
  });
});

describe("attributes", () => {
  it("that steer an overlay are dropped", () => {
    const xattrs = new Map(
      ["trusted.overlay.opaque", "trusted.overlay.redirect", "user.overlay.metacopy", "user.mine"].map(
        (name) => [name, Buffer.from("y")],
      ),
    );
    assert.deepEqual(translate([directory("d", { xattrs })]), ["d d +user.mine=y"]);
  });

  it("that the kernel refuses for a type are dropped", () => {
    const xattrs = new Map([["user.mine", Buffer.from("y")]]);
    assert.deepEqual(translate([{ ...symlinkNode("s", "x"), xattrs }]), ["l s -> x"]);
  });

  it("that no file can have are refused", () => {
    for (const name of ["", "plain", "user.", ".x", `user.${"n".repeat(300)}`, "user.a\0b"]) {
      const xattrs = new Map([[name, Buffer.from("y")]]);
      assert.throws(() => translate([file("a", { xattrs })]), refused(/extended attribute/));
    }
    const xattrs = new Map([["user.a", Buffer.alloc(70_000)]]);
    assert.throws(() => translate([file("a", { xattrs })]), refused(/extended attribute/));
  });
});

describe("limits", () => {
  const limited = { code: "IMAGE_LAYER_LIMIT", kind: "invalid" };
  const limits = { ...defaultLimits, entries: 3, bytes: 1000, freeBytes: 100, ratio: 10 };

  it("stop bombs of count and of size", () => {
    assert.throws(
      () =>
        translate(
          ["a", "b", "c", "d"].map((name) => file(name)),
          { limits },
        ),
      limited,
    );
    assert.throws(() => translate([file("a", { size: 600 }), file("a", { size: 600 })], { limits }), limited);
  });

  it("stop a layer that is too much larger than its blob", () => {
    const entries = [file("a", { size: 500 })];
    assert.throws(() => translate(entries, { limits, blobSize: 49 }), limited);
    assert.equal(translate(entries, { limits, blobSize: 50 }).length, 1);
    assert.equal(translate([file("a", { size: 90 })], { limits, blobSize: 1 }).length, 1);
  });

  it("count what is written in blocks and inodes", () => {
    const translator = createLayerTranslator();
    for (const node of [directory("d"), file("d/a", { size: 5000 }), file("d/e"), hardLinkNode("h", "d/a")]) {
      translator.translate({ kind: "node", node });
    }
    assert.deepEqual(translator.usage(), { bytes: 4096 + 8192, inodes: 3 });
  });
});
