import assert from "node:assert/strict";
import { mkdir, readdir, readFile, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { Readable } from "node:stream";
import { test } from "node:test";
import { sha256 } from "../../src/base/index.ts";
import { helperTrees } from "../../src/engine/trees.ts";
import { createHelper } from "../../src/helper/index.ts";
import { encodeTree } from "../../src/images/index.ts";
import type { Node as TreeNode, TreePiece } from "../../src/tar/index.ts";
import { buildImage, ociArchive, type TarEntry, temporaryDirectory } from "../environment/index.ts";
import { openStore, requireHelper } from "./store.ts";

const skip = requireHelper();

/** A layer that tries to reach a file outside, by the name of what it tries. */
const layers: Record<string, (outside: string) => TarEntry[]> = {
  "writes through a name with parent directories (CVE-2001-1267)": (outside) => [
    { path: `${"../".repeat(20)}${outside.slice(1)}/new`, content: "evil" },
  ],
  "writes through a symbolic link of the same layer (CVE-2014-6407)": (outside) => [
    { path: "out", type: "symlink", target: outside },
    { path: "out/new", content: "evil" },
  ],
  "writes through a relative symbolic link that climbs": (outside) => [
    { path: "a", type: "directory" },
    { path: "a/out", type: "symlink", target: `${"../".repeat(20)}${outside.slice(1)}` },
    { path: "a/out/new", content: "evil" },
  ],
  "links a file of the host into the layer and writes to it (CVE-2014-6407)": (outside) => [
    { path: "mine", type: "hardlink", target: `${outside}/secret` },
    { path: "mine", content: "evil" },
  ],
  "links through a symbolic link and writes to it": (outside) => [
    { path: "out", type: "symlink", target: outside },
    { path: "mine", type: "hardlink", target: "out/secret" },
    { path: "mine", content: "evil" },
  ],
  "makes its root a symbolic link (CVE-2021-29136)": (outside) => [
    { path: ".", type: "symlink", target: outside },
    { path: "new", content: "evil" },
  ],
  "puts a symbolic link where its directory was (CVE-2021-32803)": (outside) => [
    { path: "a", type: "directory" },
    { path: "a", type: "symlink", target: outside },
    { path: "a/new", content: "evil" },
  ],
  "replaces a symbolic link by a directory and writes into it": (outside) => [
    { path: "out", type: "symlink", target: outside },
    { path: "out", type: "directory" },
    { path: "out/secret", content: "evil" },
  ],
  "writes a file where a symbolic link is (CVE-2014-9356)": (outside) => [
    { path: "out", type: "symlink", target: `${outside}/secret` },
    { path: "out", content: "evil" },
  ],
  "hides the directory above it": () => [{ path: "a/.wh...", content: "" }],
  "hides through a symbolic link": (outside) => [
    { path: "out", type: "symlink", target: outside },
    { path: "out/.wh.secret", content: "" },
  ],
  "makes a directory above it opaque through a symbolic link": (outside) => [
    { path: "out", type: "symlink", target: outside },
    { path: "out/.wh..wh..opq", content: "" },
  ],
};

for (const [name, make] of Object.entries(layers)) {
  test(`a layer that ${name} reaches nothing outside`, { skip }, async () => {
    await using store = await openStore();
    const outside = join(store.path, "outside");
    await mkdir(outside);
    await writeFile(join(outside, "secret"), "secret");
    const image = buildImage({ layers: [{ entries: make(outside) }] });
    // Refused or contained: both will do.
    await store.images.load(Readable.from([ociArchive({ "x:1": image })])).catch(() => undefined);
    assert.deepEqual(await readdir(outside), ["secret"]);
    assert.equal(await readFile(join(outside, "secret"), "utf8"), "secret");
  });
}

const node = (path: string, changes: Partial<TreeNode> = {}): TreePiece => ({
  kind: "node",
  node: {
    type: "file",
    path,
    link: "",
    mode: 0o644,
    uid: 0,
    gid: 0,
    mtime: { seconds: 0, nanoseconds: 0 },
    size: 0,
    major: 0,
    minor: 0,
    xattrs: new Map(),
    ...changes,
  },
});

test("the helper itself follows no link out of the tree, whatever records it is given", {
  skip,
}, async () => {
  await using directory = await temporaryDirectory();
  const tree = join(directory.path, "tree");
  const outside = join(directory.path, "outside");
  await mkdir(tree);
  await mkdir(outside);
  await writeFile(join(outside, "secret"), "secret");
  await symlink(outside, join(tree, "there"));
  const trees = helperTrees(createHelper(join(import.meta.dirname, "../../dist/helper/tug-helper")));
  const attempts: TreePiece[][] = [
    [node("../outside/new")],
    [node("there/new")],
    [node("out", { type: "symlink", link: outside }), node("out/new")],
    [node("mine", { type: "hardLink", link: "there/secret" })],
    [node("mine", { type: "hardLink", link: "../outside/secret" })],
  ];
  for (const pieces of attempts) {
    await trees.unpack(tree, encodeTree(pieces)).catch(() => undefined);
    assert.deepEqual(await readdir(outside), ["secret"]);
  }
  assert.equal(sha256(await readFile(join(outside, "secret"))), sha256("secret"));
});
