import assert from "node:assert/strict";
import { test } from "node:test";
import { gzipSync } from "node:zlib";
import type { Node } from "../../tar/index.ts";
import { archiveOf, directoryNode, fileNode, symlinkNode } from "../../tar/testing/archives.ts";
import { readLayerFiles } from "./read-files.ts";

/** What a layer has to say about /etc/passwd: its content, "hidden", or undefined. */
async function passwdIn(...members: { node: Node; data?: string }[]): Promise<string | undefined> {
  const blob = gzipSync(archiveOf(members));
  const paths = ["etc/passwd"];
  const files = await readLayerFiles(oneByOne(blob), { paths, limit: 100, blobSize: blob.length });
  return files.has("etc/passwd") ? (files.get("etc/passwd")?.toString() ?? "hidden") : undefined;
}

async function* oneByOne(data: Uint8Array): AsyncGenerator<Uint8Array> {
  for (const byte of data) yield Uint8Array.of(byte);
}

test("a file is found however its name is written, the last one counts", async () => {
  const other = { node: fileNode("etc/other"), data: "other" };
  assert.equal(await passwdIn({ node: fileNode("./etc/passwd"), data: "root" }, other), "root");
  assert.equal(await passwdIn({ node: fileNode("/etc//passwd") }, other), "");
  const twice = [
    { node: fileNode("etc/passwd"), data: "first" },
    { node: fileNode("etc/passwd"), data: "last" },
  ];
  assert.equal(await passwdIn(...twice), "last");
});

test("what a layer does not mention shows through", async () => {
  assert.equal(
    await passwdIn({ node: directoryNode("etc") }, { node: fileNode("etc/passwd-"), data: "x" }),
    undefined,
  );
  assert.equal(await passwdIn({ node: fileNode("etc/.wh.group") }), undefined);
});

for (const [what, name] of Object.entries({
  "a whiteout": "etc/.wh.passwd",
  "a whiteout of its directory": ".wh.etc",
  "an opaque directory": "etc/.wh..wh..opq",
  "an opaque root": ".wh..wh..opq",
})) {
  test(`${what} hides what is below`, async () => {
    assert.equal(await passwdIn({ node: fileNode(name) }), "hidden");
    assert.equal(
      await passwdIn({ node: fileNode("etc/passwd"), data: "new" }, { node: fileNode(name) }),
      "new",
    );
  });
}

test("what is no regular file is not followed", async () => {
  assert.equal(await passwdIn({ node: symlinkNode("etc/passwd", "/proc/self/environ") }), "hidden");
  assert.equal(await passwdIn({ node: directoryNode("etc/passwd") }), "hidden");
});

test("a file that is too large, and a layer that is damaged, are refused", async () => {
  await assert.rejects(passwdIn({ node: fileNode("etc/passwd"), data: "x".repeat(101) }), {
    code: "IMAGE_LAYER_LIMIT",
    message: "cannot read /etc/passwd of a layer: it has 101 bytes",
  });
  const blob = gzipSync(archiveOf([{ node: fileNode("a"), data: "x".repeat(2000) }])).subarray(0, 40);
  const options = { paths: ["a"], limit: 1, blobSize: blob.length };
  await assert.rejects(readLayerFiles(oneByOne(blob), options), { code: "IMAGE_COMPRESSION" });
});
