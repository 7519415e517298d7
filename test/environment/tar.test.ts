import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { test } from "node:test";
import { type TarEntry, tarArchive } from "./tar.ts";

const list = (archive: Buffer) =>
  execFileSync("tar", ["--list", "--verbose", "--numeric-owner", "--utc", "--full-time", "--file", "-"], {
    input: archive,
    encoding: "utf8",
  })
    .trim()
    .split("\n")
    .map((line) => line.replace(/ +/g, " "));

test("GNU tar reads every type of entry as it was given", () => {
  const entries: TarEntry[] = [
    { path: "d", type: "directory", mode: 0o1777 },
    { path: "d/f", content: "hello", uid: 7, gid: 8, modified: 86400 },
    { path: "d/s", type: "symlink", target: "f" },
    { path: "d/h", type: "hardlink", target: "d/f" },
    { path: "d/c", type: "character", device: { major: 1, minor: 3 }, mode: 0o666 },
    { path: "d/p", type: "fifo" },
  ];
  assert.deepEqual(list(tarArchive(entries)), [
    "drwxrwxrwt 0/0 0 1970-01-01 00:00:00 d",
    "-rw-r--r-- 7/8 5 1970-01-02 00:00:00 d/f",
    "lrw-r--r-- 0/0 0 1970-01-01 00:00:00 d/s -> f",
    "hrw-r--r-- 0/0 0 1970-01-01 00:00:00 d/h link to d/f",
    "crw-rw-rw- 0/0 1,3 1970-01-01 00:00:00 d/c",
    "prw-r--r-- 0/0 0 1970-01-01 00:00:00 d/p",
  ]);
});

test("names, targets and owners that the plain header has no room for come through", () => {
  const long = `${"n".repeat(150)}/${"m".repeat(120)}`;
  const archive = tarArchive([
    { path: long, content: "x", uid: 3_000_000, gid: 4_000_000 },
    { path: "l", type: "symlink", target: long },
    { path: "é", content: "" },
  ]);
  const lines = list(archive);
  assert.equal(lines[0], `-rw-r--r-- 3000000/4000000 1 1970-01-01 00:00:00 ${long}`);
  assert.equal(lines[1], `lrw-r--r-- 0/0 0 1970-01-01 00:00:00 l -> ${long}`);
  assert.match(lines[2] ?? "", /(é|\\303\\251)$/);
});

test("hostile paths stand in the archive as given", () => {
  const archive = tarArchive([
    { path: "../../etc/passwd", content: "x" },
    { path: "/abs", content: "y" },
  ]);
  const names = execFileSync("tar", ["--list", "--absolute-names", "--file", "-"], {
    input: archive,
    encoding: "utf8",
  });
  assert.deepEqual(names.trim().split("\n"), ["../../etc/passwd", "/abs"]);
});
