import assert from "node:assert/strict";
import {
  existsSync,
  lstatSync,
  mkdirSync,
  readFileSync,
  readlinkSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, test } from "node:test";
import { writeTar } from "../../tar/index.ts";
import { archiveOf, directoryNode, fileNode, hardLinkNode, symlinkNode } from "../../tar/testing/archives.ts";
import { readLocalTree } from "./local-tree.ts";
import { writeTree } from "./write-tree.ts";

let at: string;
beforeEach(async () => {
  at = await mkdtemp(join(tmpdir(), "tug-copy-"));
  mkdirSync(join(at, "in"));
});
afterEach(() => rm(at, { recursive: true }));

/** Unpacks an archive into a directory beside which other things are. */
function unpack(members: Parameters<typeof archiveOf>[0], owners = false): Promise<number> {
  const archive = (async function* () {
    yield archiveOf(members);
  })();
  return writeTree(archive, { directory: join(at, "in"), rename: (path) => path, owners });
}

test("a tree that is read here and written there is the same", async () => {
  mkdirSync(join(at, "from/sub"), { recursive: true });
  writeFileSync(join(at, "from/sub/file"), "x".repeat(300_000), { mode: 0o640 });
  symlinkSync("sub/file", join(at, "from/link"));
  const tree = { path: join(at, "from"), name: "copy", followLink: false, owners: false };
  const bytes = await writeTree(writeTar(readLocalTree(tree)), {
    directory: join(at, "in"),
    rename: (path) => path,
    owners: false,
  });
  assert.equal(bytes, 300_000);
  assert.equal(readFileSync(join(at, "in/copy/sub/file"), "utf8").length, 300_000);
  const [from, to] = ["from", "in/copy"].map((name) => lstatSync(join(at, name, "sub/file")));
  assert.deepEqual([to?.mode, Math.round(to?.mtimeMs ?? 0)], [from?.mode, Math.round(from?.mtimeMs ?? 1)]);
  assert.equal(readlinkSync(join(at, "in/copy/link")), "sub/file");
});

test("names that lead out of the directory are refused", async () => {
  for (const path of ["../escaped", "a/../../escaped", "a/.."]) {
    await assert.rejects(unpack([{ node: fileNode(path), data: "x" }]), { code: "CLI_COPY" }, path);
  }
  await unpack([{ node: fileNode(`${at}/absolute`), data: "x" }]);
  assert.ok(existsSync(join(at, "in", at, "absolute")), "a slash at the beginning means the directory");
  assert.deepEqual([existsSync(join(at, "escaped")), existsSync(join(at, "absolute"))], [false, false]);
});

test("no link of the archive, or that was there, is followed", async () => {
  writeFileSync(join(at, "secret"), "secret");
  symlinkSync(at, join(at, "in/old"));
  const hostile: Parameters<typeof archiveOf>[0][] = [
    [{ node: symlinkNode("new", at) }, { node: fileNode("new/escaped"), data: "x" }],
    [{ node: fileNode("old/escaped"), data: "x" }],
    [{ node: directoryNode("old") }],
    [{ node: hardLinkNode("own", "old/secret") }],
    [{ node: symlinkNode("up", "..") }, { node: hardLinkNode("own", "up/secret") }],
  ];
  for (const members of hostile) await assert.rejects(unpack(members), { code: "CLI_COPY" });
  assert.deepEqual([existsSync(join(at, "escaped")), existsSync(join(at, "in/own"))], [false, false]);
  await unpack([{ node: fileNode("old"), data: "replaced" }]);
  assert.equal(readFileSync(join(at, "in/old"), "utf8"), "replaced");
});

test("files and directories do not take each other's place, and devices are refused", async () => {
  mkdirSync(join(at, "in/directory"));
  writeFileSync(join(at, "in/file"), "x");
  await assert.rejects(unpack([{ node: fileNode("directory") }]), /a directory is there/);
  await assert.rejects(
    unpack([{ node: directoryNode("file") }]),
    /something other than a directory is there/,
  );
  const device = fileNode("null", { type: "charDevice", major: 1, minor: 3 });
  await assert.rejects(unpack([{ node: device }]), /devices and FIFOs are not copied/);
});

test("set-id bits come with owners only", async () => {
  const node = fileNode("tool", { mode: 0o6755, uid: process.getuid?.() ?? 0, gid: process.getgid?.() ?? 0 });
  await unpack([{ node, data: "x" }]);
  assert.equal(lstatSync(join(at, "in/tool")).mode & 0o7777, 0o755);
  await unpack([{ node, data: "x" }], true);
  assert.equal(lstatSync(join(at, "in/tool")).mode & 0o7777, 0o6755);
});

test("an archive that ends too early is no success", async () => {
  const archive = (async function* () {
    yield archiveOf([{ node: fileNode("file"), data: "x".repeat(2000) }]).subarray(0, 1500);
  })();
  const options = { directory: join(at, "in"), rename: (path: string) => path, owners: false };
  await assert.rejects(writeTree(archive, options), { code: "TAR_ARCHIVE" });
});
