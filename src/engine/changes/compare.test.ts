import assert from "node:assert/strict";
import { test } from "node:test";
import type { Node } from "../../tar/index.ts";
import type { FileFacts } from "../archive/describe.ts";
import { compareToImage, type ImageFiles } from "./compare.ts";

const time = { seconds: 5, nanoseconds: 6 };

function node(path: string, changes: Partial<Node> = {}): Node {
  const file = { link: "", mode: 0o644, uid: 0, gid: 0, mtime: time, size: 3, major: 0, minor: 0 };
  return { type: "file", path, xattrs: new Map(), ...file, ...changes };
}

const directory = (path: string, changes: Partial<Node> = {}): Node =>
  node(path, { type: "directory", mode: 0o755, size: 0, ...changes });
const whiteout = (path: string): Node => node(path, { type: "charDevice", mode: 0, size: 0 });
const opaque = { xattrs: new Map([["trusted.overlay.opaque", Buffer.from("y")]]) };

/** An image with /etc/passwd, /etc/group, /bin (a link to usr/bin), /usr/bin/sh. */
const image: ImageFiles = {
  async describe(paths) {
    const facts = { uid: 0, gid: 0, mtime: time, link: "", target: "" };
    const all = new Map<string, FileFacts>([
      ...["etc", "usr", "usr/bin"].map((path) => [path, { ...facts, mode: 0o040755, size: 4096 }] as const),
      ...["etc/passwd", "etc/group", "usr/bin/sh"].map(
        (path) => [path, { ...facts, mode: 0o100644, size: 3 }] as const,
      ),
      ["bin", { ...facts, mode: 0o120777, size: 7, link: "usr/bin", target: "/usr/bin" }],
    ]);
    return new Map([...all].filter(([path]) => paths.includes(path)));
  },
  names: async (path) => (path === "etc" ? ["group", "passwd"] : []),
};

const cases: [what: string, written: Node[], lines: string[]][] = [
  ["nothing", [directory("")], []],
  ["a new file", [directory("etc"), node("etc/new")], ["C /etc", "A /etc/new"]],
  [
    "a file with other content",
    [directory("etc"), node("etc/passwd", { size: 4 })],
    ["C /etc", "C /etc/passwd"],
  ],
  [
    "a file with another owner",
    [directory("etc"), node("etc/passwd", { uid: 7 })],
    ["C /etc", "C /etc/passwd"],
  ],
  ["a file that was only copied up", [directory("etc"), node("etc/passwd")], []],
  ["a removed file", [directory("etc"), whiteout("etc/group")], ["C /etc", "D /etc/group"]],
  ["a removed new file", [directory("etc"), whiteout("etc/never")], []],
  ["a directory with another mode", [directory("etc", { mode: 0o700 })], ["C /etc"]],
  ["a new directory", [directory("new"), node("new/file")], ["A /new", "A /new/file"]],
  [
    "a directory in the place of a link, whose target has such a name",
    [directory("bin"), node("bin/sh")],
    ["C /bin", "A /bin/sh"],
  ],
  [
    "a directory that was removed and made anew",
    [directory("etc", opaque), node("etc/passwd", { size: 9 }), node("etc/new")],
    ["C /etc", "D /etc/group", "A /etc/new", "C /etc/passwd"],
  ],
  ["a second name", [node("twin", { type: "hardLink", link: "etc/passwd", size: 0 })], ["A /twin"]],
  ["names that are not ASCII", [node(Buffer.from("ü").toString("latin1"))], ["A /ü"]],
];

for (const [what, written, lines] of cases) {
  test(`${what} is told as ${lines.join(", ") || "no change"}`, async () => {
    const letters = { modified: "C", added: "A", deleted: "D" };
    const changes = await compareToImage(written, image);
    assert.deepEqual(
      changes.map(({ kind, path }) => `${letters[kind]} ${path}`),
      lines,
    );
  });
}
