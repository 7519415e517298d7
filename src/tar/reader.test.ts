import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { formatTime, parsePax, parseTime } from "./pax.ts";
import type { Node } from "./pieces.ts";
import { createTarReader } from "./reader.ts";
import { archiveOf, directoryNode, fileNode, member, paxHeader, readAll, text } from "./testing/archives.ts";

const refused = (message: RegExp) => ({ code: "TAR_ARCHIVE", kind: "invalid", message });
const only = (archive: Uint8Array, piece?: number): Node => {
  const [first, ...rest] = readAll(archive, piece);
  assert.equal(rest.length, 0);
  assert.ok(first);
  return first.node;
};

describe("tar reader", () => {
  it("reads what the writer wrote, whatever the pieces it comes in", () => {
    const nodes = [
      { ...directoryNode("usr"), mode: 0o1777, mtime: { seconds: -5, nanoseconds: 250_000_000 } },
      { ...fileNode("usr/file"), uid: 4_000_000, gid: 5, mtime: { seconds: 2 ** 34, nanoseconds: 0 } },
      { ...fileNode(`${"d/".repeat(100)}long`) },
      { ...fileNode("caf\xc3\xa9\xff") },
      { ...fileNode("caps"), xattrs: new Map([["security.capability", Buffer.from([1, 0, 0, 2, 10, 61])]]) },
      { ...fileNode("sym"), type: "symlink" as const, link: "x".repeat(300) },
      { ...fileNode("hard"), type: "hardLink" as const, link: "usr/file" },
      { ...fileNode("dev"), type: "charDevice" as const, major: 5, minor: 1 },
      { ...fileNode("pipe"), type: "fifo" as const },
    ];
    const members = nodes.map((node) => ({ node, data: node.type === "file" ? `data of ${node.path}` : "" }));
    const archive = archiveOf(members);
    const expected = members.map(({ node, data }) => ({
      node: { ...node, path: node.type === "directory" ? `${node.path}/` : node.path, size: data.length },
      data,
    }));
    for (const piece of [1, 511, 512, 100_000]) {
      const read = readAll(archive, piece).map(({ node, data }) => ({ node, data: data.toString("latin1") }));
      assert.deepEqual(read, expected);
    }
  });

  it("reads an empty archive, with and without its end", () => {
    assert.deepEqual(readAll(Buffer.alloc(1024)), []);
    assert.deepEqual(readAll(Buffer.alloc(0)), []);
    assert.deepEqual(readAll(Buffer.alloc(512)), []);
  });

  it("ignores what follows the end", () => {
    const archive = Buffer.concat([archiveOf([{ node: fileNode("a"), data: "x" }]), Buffer.from("garbage")]);
    assert.equal(readAll(archive).length, 1);
  });

  it("takes an archive without an end block if it ends between members", () => {
    assert.equal(only(member({ name: "a" })).path, "a");
  });

  it("joins the prefix of ustar with the name, and not that of GNU", () => {
    assert.equal(only(member({ name: "b", prefix: "a" })).path, "a/b");
    assert.equal(only(member({ name: "b", prefix: "12345", magic: "ustar  \0" })).path, "b");
  });

  it("takes a name with a slash for a directory in v7", () => {
    assert.equal(only(member({ name: "d/", type: "\0", magic: "\0\0\0\0\0\0\0\0" })).type, "directory");
  });

  it("takes GNU's long names and links", () => {
    const name = "n".repeat(300);
    const link = "l".repeat(200);
    const archive = Buffer.concat([
      member({ name: "././@LongLink", type: "L", data: `${name}\0` }),
      member({ name: "././@LongLink", type: "K", data: `${link}\0` }),
      member({ name: "n", type: "2", link: "l" }),
    ]);
    const node = only(archive);
    assert.deepEqual([node.path, node.link], [name, link]);
  });

  it("reads numbers in base 256", () => {
    const big = Buffer.alloc(12);
    big[0] = 0x80;
    big.writeUInt32BE(1, 4);
    big.writeUInt32BE(7, 8);
    assert.equal(only(member({ name: "a", mtime: big })).mtime.seconds, 2 ** 32 + 7);
    assert.equal(only(member({ name: "a", mtime: Buffer.alloc(12, 0xff) })).mtime.seconds, -1);
  });

  it("gives no data to links and directories, whatever their size field says", () => {
    const archive = Buffer.concat([
      member({ name: "h", type: "1", link: "x", size: 700 }),
      member({ name: "d", type: "5", size: 700 }),
    ]);
    assert.deepEqual(
      readAll(archive).map(({ node }) => [node.path, node.size]),
      [
        ["h", 0],
        ["d", 0],
      ],
    );
  });

  it("finds the next member by the extended header's size (CVE-2025-62518)", () => {
    const inner = member({ name: "smuggled" });
    const archive = Buffer.concat([
      paxHeader({ size: String(inner.length) }),
      member({ name: "outer", size: 0, data: inner }),
      member({ name: "after" }),
    ]);
    assert.deepEqual(
      readAll(archive).map(({ node }) => node.path),
      ["outer", "after"],
    );
  });

  it("skips global headers and volume labels", () => {
    const archive = Buffer.concat([
      paxHeader({ path: "elsewhere" }, "g"),
      member({ name: "label", type: "V" }),
      member({ name: "a" }),
    ]);
    assert.equal(only(archive).path, "a");
  });

  it("leaves a field alone whose extended value is empty", () => {
    assert.equal(only(Buffer.concat([paxHeader({ path: "", uid: "" }), member({ name: "a" })])).path, "a");
  });
});

describe("tar reader on hostile input", () => {
  const cases: Record<string, [Uint8Array, RegExp]> = {
    "a bad checksum": [member({ name: "a", checksum: "000001\0 " }), /checksum of a header is wrong/],
    "a checksum that is no number": [member({ name: "a", checksum: "zzzzzz\0 " }), /not octal/],
    "no archive at all": [Buffer.alloc(512, "not a tar"), /checksum|octal/],
    "an unknown type": [member({ name: "a", type: "Z" }), /type "Z"/],
    "a multi-volume continuation": [member({ name: "a", type: "M" }), /type "M"/],
    "a size that is not octal": [
      member({ name: "a", size: Buffer.from("99999999999\0") }),
      /the size of a header/,
    ],
    "a negative size": [member({ name: "a", size: Buffer.alloc(12, 0xff) }), /negative size/],
    "a size of 2^62": [
      member({ name: "a", size: Buffer.from([0x80, 0, 0, 0, 0x40, 0, 0, 0, 0, 0, 0, 0]) }),
      /range/,
    ],
    "an owner that is no owner": [
      Buffer.concat([paxHeader({ uid: "4294967295" }), member({ name: "a" })]),
      /owner/,
    ],
    "an extended header without end": [
      member({ name: "x", type: "x", size: 2 ** 30 }),
      /extended header has/,
    ],
    "a long name without end": [member({ name: "x", type: "L", size: 2 ** 21 }), /extended header has/],
    "extended headers without end": [
      Buffer.concat(Array(17).fill(paxHeader({ a: "b" }))),
      /too many extended/,
    ],
    "a record longer than its header": [member({ name: "x", type: "x", data: "99 path=a\n" }), /malformed/],
    "a record of length 0": [member({ name: "x", type: "x", data: "0 path=a\n" }), /malformed/],
    "a record without a key": [member({ name: "x", type: "x", data: "5 =a\n" }), /malformed/],
    "a time that is no time": [
      Buffer.concat([paxHeader({ mtime: "1e9" }), member({ name: "a" })]),
      /not a time/,
    ],
    "a number that is no number": [
      Buffer.concat([paxHeader({ size: "0x10" }), member({ name: "a" })]),
      /usable/,
    ],
    "an end in the middle of a header": [member({ name: "a" }).subarray(0, 300), /ends inside/],
    "an end in the middle of data": [
      member({ name: "a", data: "x".repeat(600) }).subarray(0, 900),
      /ends inside/,
    ],
    "an end after an extended header": [paxHeader({ path: "a" }), /ends inside/],
    "a member after a zero block": [Buffer.concat([Buffer.alloc(512), member({ name: "a" })]), /zeros/],
  };
  for (const [name, [archive, message]] of Object.entries(cases)) {
    it(`refuses ${name}`, () => assert.throws(() => readAll(archive), refused(message)));
  }
});

describe("dataAt", () => {
  const sparse = [
    ["GNU.sparse.size", "9"],
    ["GNU.sparse.map", "0,1"],
  ] as const;
  const archive = Buffer.concat([
    archiveOf([
      { node: fileNode("a"), data: "first" },
      { node: fileNode(`${"d/".repeat(100)}b`), data: "second" },
    ]).subarray(0, -1024),
    paxHeader(sparse.map(([key, value]) => [key, value])),
    member({ name: "s", data: "x" }),
    member({ name: "c", data: "third" }),
  ]);

  for (const length of [1, 700, 100_000]) {
    it(`tells where data are in the archive, in pieces of ${length} bytes, but for sparse files`, () => {
      const reader = createTarReader();
      const found: (string | undefined)[] = [];
      for (let from = 0; from < archive.length; from += length) {
        for (const piece of reader.push(archive.subarray(from, from + length))) {
          if (piece.kind !== "node") continue;
          const at = reader.dataAt();
          found.push(at === undefined ? at : text(archive.subarray(at, at + 5)));
        }
      }
      assert.deepEqual(found, ["first", "secon", undefined, "third"]);
    });
  }
});

describe("sparse files", () => {
  const expected = `${"\0".repeat(1000)}abc${"\0".repeat(997)}de${"\0".repeat(10)}`;
  const segments = "1000,3,2000,2";

  function check(archive: Uint8Array, name = "s") {
    for (const piece of [1, 700, 100_000]) {
      const [first, second] = readAll(archive, piece);
      assert.equal(first?.node.path, name);
      assert.equal(first.node.size, expected.length);
      assert.equal(text(first.data), expected);
      assert.equal(second?.node.path, "after");
    }
  }
  const after = member({ name: "after" });

  it("come expanded from GNU's old format, with continuation blocks", () => {
    const octal = (value: number) => `${value.toString(8).padStart(11, "0")}\0`;
    const entries = [1000, 1, 1001, 1, 1002, 1, 2000, 1, 2001, 1].map(octal);
    const header = Buffer.alloc(512);
    header.write(entries.slice(0, 8).join(""), 386);
    header.write("\x01", 482);
    header.write(octal(2012), 483);
    const more = Buffer.alloc(512);
    more.write(entries.slice(8).join(""), 0);
    const first = member({ name: "s", type: "S", magic: "ustar  \0", size: 5, base: header });
    const data = Buffer.alloc(512);
    data.write("abcde");
    check(Buffer.concat([first, more, data, after]));
  });

  it("come expanded from PAX formats 0.0 and 0.1", () => {
    const numbers = segments.split(",").map(Number);
    const repeated = numbers.map((value, index) => [
      index % 2 === 0 ? "GNU.sparse.offset" : "GNU.sparse.numbytes",
      String(value),
    ]);
    const size = ["GNU.sparse.size", "2012"];
    const data = member({ name: "s", data: "abcde" });
    check(Buffer.concat([paxHeader([size, ...repeated]), data, after]));
    check(
      Buffer.concat([paxHeader([size, ["GNU.sparse.map", segments], ["GNU.sparse.name", "t"]]), data, after]),
      "t",
    );
  });

  it("come expanded from PAX format 1.0", () => {
    const map = Buffer.alloc(512);
    map.write(`2\n${segments.replaceAll(",", "\n")}\n`);
    const header = paxHeader({
      "GNU.sparse.major": "1",
      "GNU.sparse.minor": "0",
      "GNU.sparse.name": "s",
      "GNU.sparse.realsize": "2012",
    });
    check(
      Buffer.concat([header, member({ name: "x", data: Buffer.concat([map, Buffer.from("abcde")]) }), after]),
    );
  });

  const hostile: Record<string, Record<string, string>> = {
    "overlapping segments": { "GNU.sparse.map": "0,5,3,5", "GNU.sparse.size": "100" },
    "segments outside of the file": { "GNU.sparse.map": "0,5", "GNU.sparse.size": "3" },
    "segments that do not fit the data": { "GNU.sparse.map": "0,4", "GNU.sparse.size": "100" },
    "an odd number of numbers": { "GNU.sparse.map": "0,5,7", "GNU.sparse.size": "100" },
    "no size": { "GNU.sparse.map": "0,5" },
    "a map without end": { "GNU.sparse.major": "1", "GNU.sparse.realsize": "5" },
    "text in the map": { "GNU.sparse.map": "0,five", "GNU.sparse.size": "5" },
  };
  for (const [name, records] of Object.entries(hostile)) {
    it(`are refused with ${name}`, () => {
      const archive = Buffer.concat([paxHeader(records), member({ name: "s", data: "abcde" }), after]);
      assert.throws(() => readAll(archive), refused(/sparse/));
    });
  }
});

describe("extended headers", () => {
  it("have times with fractions, also before the epoch", () => {
    for (const time of ["0", "1.5", "-0.000000001", "-1.25", "1700000000.123456789", "-3"]) {
      assert.equal(formatTime(parseTime(Buffer.from(time), "mtime")), time);
    }
    assert.deepEqual(parseTime(Buffer.from("1.1234567899"), "mtime"), {
      seconds: 1,
      nanoseconds: 123_456_789,
    });
  });

  it("may hold newlines and equals signs in values", () => {
    const records = parsePax(Buffer.from("15 a=b=c\nd\nxyz\n"));
    assert.equal(records.get("a")?.toString(), "b=c\nd\nxyz");
  });
});
