import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { Node, TreePiece } from "../../tar/index.ts";
import { directoryNode, fileNode, hardLinkNode, symlinkNode } from "../../tar/testing/archives.ts";
import { createTreeRecordDecoder, encodeTreeRecord, endRecord } from "./tree-record.ts";

const full: Node = {
  type: "file",
  path: "a/b",
  link: "",
  mode: 0o4755,
  uid: 1000,
  gid: 4_000_000_000,
  mtime: { seconds: -2, nanoseconds: 999_999_999 },
  size: 3,
  major: 0,
  minor: 0,
  xattrs: new Map([["user.x", Buffer.from([0, 1, 255])]]),
};

function decode(stream: Uint8Array, piece = stream.length): TreePiece[] {
  const decoder = createTreeRecordDecoder();
  const pieces: TreePiece[] = [];
  for (let at = 0; at < stream.length; at += piece)
    pieces.push(...decoder.push(stream.subarray(at, at + piece)));
  decoder.end();
  return pieces;
}

/** Nodes, and data joined to one piece for each file. */
function joined(pieces: TreePiece[]): (Node | string)[] {
  const all: (Node | string)[] = [];
  for (const piece of pieces) {
    const last = all.at(-1);
    if (piece.kind === "node") all.push(piece.node);
    else if (typeof last === "string") all[all.length - 1] = last + piece.data.toString("latin1");
    else all.push(piece.data.toString("latin1"));
  }
  return all;
}

const refused = (message: RegExp) => ({ code: "IMAGE_TREE_RECORD", message });

describe("tree records", () => {
  it("have exactly the documented bytes", () => {
    const expected = [
      "02000000",
      "ed090000",
      "e8030000",
      "00286bee",
      "feffffffffffffff",
      "ffc99a3b",
      "0300000000000000",
      "00000000",
      "00000000",
      "03000000612f62",
      "00000000",
      "01000000",
      "06000000757365722e78",
      "030000000001ff",
    ].join("");
    const bytes = encodeTreeRecord(full);
    assert.equal(bytes.subarray(4).toString("hex"), expected);
    assert.equal(bytes.readUInt32LE(), bytes.length - 4);
    assert.equal(Buffer.from(endRecord).toString("hex"), `38000000${"09000000"}${"0".repeat(104)}`);
  });

  it("come back as they were, whatever the pieces they come in", () => {
    const nodes: Node[] = [
      directoryNode("", { mode: 0o1777 }),
      full,
      symlinkNode("l", "\xff../x"),
      hardLinkNode("h", "a/b"),
      fileNode("c", { type: "charDevice", major: 4095, minor: 1_048_575 }),
      fileNode("d", { type: "blockDevice", major: 8, minor: 1 }),
      fileNode("e", { type: "fifo" }),
      fileNode("empty"),
    ];
    const stream = Buffer.concat(
      [...nodes.flatMap((node) => [encodeTreeRecord(node), Buffer.alloc(node.size, "xyz")]), endRecord].map(
        Buffer.from,
      ),
    );
    const expected = nodes.flatMap((node) => (node.size === 0 ? [node] : [node, "xyz"]));
    for (const piece of [1, 7, 64, stream.length]) assert.deepEqual(joined(decode(stream, piece)), expected);
  });

  it("must end with their end", () => {
    const record = encodeTreeRecord(full);
    assert.throws(() => decode(record), refused(/ends early/));
    assert.throws(() => decode(record.subarray(0, 20)), refused(/ends early/));
    assert.throws(() => decode(Buffer.alloc(0)), refused(/ends early/));
    assert.throws(() => decode(Buffer.concat([endRecord, record])), refused(/after its end/));
  });

  it("are refused when they are malformed", () => {
    const change = (at: number, ...bytes: number[]) => {
      const record = Buffer.from(encodeTreeRecord(full));
      record.set(bytes, at);
      return record;
    };
    assert.throws(() => decode(change(4, 8)), refused(/type 8/));
    assert.throws(() => decode(change(0, 1, 0, 0, 0)), refused(/has 1 bytes/));
    assert.throws(() => decode(change(0, 0, 0, 0, 255)), refused(/bytes/));
    assert.throws(() => decode(change(48, 255, 255)), refused(/too short/));
    assert.throws(() => decode(change(4, 1)), refused(/has size 3/));
    assert.throws(() => decode(change(59, 0)), refused(/too long/));
  });
});
