import assert from "node:assert/strict";
import { readlinkSync } from "node:fs";
import { constants } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { requireRoot } from "../environment/requirements.ts";
import { encodeRecords, encodeTree, type TreeRecord, types } from "./records.ts";
import { listing, prepare, unpack, unpackStream } from "./tree.ts";

const skip = requireRoot();
const { EBADMSG, EINVAL, EISDIR, ELOOP, ENAMETOOLONG, ENODATA, ENOENT, ENOTDIR, EXDEV } = constants.errno;

const attacks: readonly (readonly [string, readonly TreeRecord[], readonly number[], string])[] = [
  ["a path with ..", [{ type: types.file, path: "d/../../outside/x" }], [EINVAL], "d/../../outside/x"],
  ["a path that is ..", [{ type: types.directory, path: ".." }], [EINVAL], ".."],
  ["an absolute path", [{ type: types.file, path: "/etc/x" }], [EINVAL], "/etc/x"],
  ["an empty component", [{ type: types.file, path: "a//b" }], [EINVAL], "a//b"],
  ["a slash at the end", [{ type: types.directory, path: "a/" }], [EINVAL], "a/"],
  ["a dot", [{ type: types.file, path: "./a" }], [EINVAL], "./a"],
  [
    "a file through an absolute link",
    [
      { type: types.symlink, path: "link", link: "/" },
      { type: types.file, path: "link/x" },
    ],
    [ELOOP, EXDEV],
    "link/x",
  ],
  [
    "a file through a link upwards, below a missing parent",
    [
      { type: types.symlink, path: "link", link: "../outside" },
      { type: types.file, path: "link/new/x" },
    ],
    [ELOOP, EXDEV],
    "link/new/x",
  ],
  [
    "a directory that is replaced by a link after it was used",
    [
      { type: types.file, path: "d/x" },
      { type: types.symlink, path: "d", link: "../outside" },
    ],
    [EISDIR],
    "d",
  ],
  [
    "a directory record on a link",
    [
      { type: types.symlink, path: "link", link: "../outside" },
      { type: types.directory, path: "link", mode: 0o777 },
      { type: types.file, path: "link/secret", content: Buffer.from("changed") },
      { type: types.hardLink, path: "x", link: "missing" },
    ],
    [ENOENT],
    "x",
  ],
  [
    "a hard link to the outside",
    [{ type: types.hardLink, path: "x", link: "../outside/secret" }],
    [EINVAL],
    "../outside/secret",
  ],
  [
    "a hard link to an absolute path",
    [{ type: types.hardLink, path: "x", link: "/etc/passwd" }],
    [EINVAL],
    "/etc/passwd",
  ],
  [
    "a hard link through a link",
    [
      { type: types.symlink, path: "link", link: "../outside" },
      { type: types.hardLink, path: "x", link: "link/secret" },
    ],
    [ELOOP, EXDEV],
    "x",
  ],
  [
    "a file over a directory",
    [
      { type: types.file, path: "d/x" },
      { type: types.file, path: "d" },
    ],
    [EISDIR],
    "d",
  ],
  ["a file at the root", [{ type: types.file, path: "" }], [EISDIR], ""],
  [
    "a file below a file",
    [
      { type: types.file, path: "x" },
      { type: types.file, path: "x/y" },
    ],
    [ENOTDIR],
    "x/y",
  ],
  ["a name that is too long", [{ type: types.file, path: "n".repeat(256) }], [ENAMETOOLONG], "n".repeat(256)],
  ["a NUL in a path", [{ type: types.file, path: "a\0b" }], [EBADMSG], ""],
  ["an unknown type", [{ type: 8, path: "x" }], [EBADMSG], "x"],
  ["a mode with type bits", [{ type: types.file, path: "x", mode: 0o100644 }], [EBADMSG], "x"],
  [
    "content of a directory",
    [{ type: types.directory, path: "x", content: Buffer.from("x") }],
    [EBADMSG],
    "x",
  ],
];

for (const [name, records, errnos, path] of attacks) {
  test(`${name} is refused and leaves the outside alone`, { skip }, async () => {
    await using place = await prepare();
    const before = listing(place.outside);
    const { failure } = await unpack(place.inside, records, place.directory.path);
    assert.ok(failure !== undefined, "the records were accepted");
    assert.ok(errnos.includes(failure.errno), `errno ${failure.errno} of ${failure.call}`);
    assert.equal(failure.path, path);
    assert.deepEqual(listing(place.outside), before);
  });
}

test("a link at a hard link's first name is linked itself, not what it points to", { skip }, async () => {
  await using place = await prepare();
  const { failure } = await unpack(
    place.inside,
    [
      { type: types.symlink, path: "link", link: "../outside/secret" },
      { type: types.hardLink, path: "x", link: "link" },
    ],
    place.directory.path,
  );
  assert.equal(failure, undefined);
  assert.equal(readlinkSync(join(place.inside, "x")), "../outside/secret");
});

test("a stream that is cut anywhere is refused", { skip }, async () => {
  await using place = await prepare();
  const whole = encodeTree([
    { type: types.directory, path: "d", mode: 0o755, xattrs: { "user.a": "b" } },
    { type: types.file, path: "d/f", content: Buffer.from("12345") },
  ]);
  for (let length = 0; length < whole.length; length += 1) {
    const { failure } = await unpackStream(place.inside, whole.subarray(0, length), place.directory.path);
    assert.equal(failure?.errno, ENODATA, `cut after ${length} bytes`);
  }
});

test("lengths that lie are refused", { skip }, async () => {
  await using place = await prepare();
  const good = encodeRecords([{ type: types.file, path: "x", xattrs: { "user.a": "b" } }]);
  for (const offset of [0, 48, 53, 57, 61, 71]) {
    for (const value of [0x7fffffff, 0xffffffff, 0x10000]) {
      const bad = Buffer.from(good);
      bad.writeUInt32LE(value, offset);
      const { failure } = await unpackStream(place.inside, bad, place.directory.path);
      assert.ok(
        failure?.errno === EBADMSG || failure?.errno === ENODATA,
        `length ${value} at ${offset}: ${failure?.errno} ${failure?.call}`,
      );
    }
  }
});
