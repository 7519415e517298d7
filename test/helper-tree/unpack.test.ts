import assert from "node:assert/strict";
import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { lstatSync, readFileSync, readlinkSync } from "node:fs";
import { link, mkdir, open, readdir, readFile, symlink, writeFile } from "node:fs/promises";
import { constants } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { encodePlan, type Op, unpackFlags } from "../../src/plan/index.ts";
import { probeProgram } from "../environment/probe.ts";
import { requireRoot } from "../environment/requirements.ts";
import { helperPath } from "../helper/driver.ts";
import { encodeTree, type TreeRecord, types } from "./records.ts";
import { attributesOf, listing, pack, prepare, unpack, unpackOps } from "./tree.ts";

const skip = requireRoot();
const probe = probeProgram();
const { EBADMSG, ENOENT, ENOTDIR } = constants.errno;
const time = 1_234_567_890_123_456_789n;

test("every type of file comes out with owner, mode and time", { skip }, async () => {
  await using place = await prepare();
  const records: TreeRecord[] = [
    { type: types.directory, path: "", mode: 0o750, uid: 1, gid: 2, time },
    { type: types.directory, path: "d", mode: 0o1777, uid: 3, gid: 4, time: time + 1n },
    {
      type: types.file,
      path: "d/file",
      mode: 0o640,
      uid: 5,
      gid: 6,
      time: time + 2n,
      content: Buffer.from("content"),
    },
    { type: types.file, path: "d/setuid", mode: 0o6755, uid: 7, gid: 8, time: time + 3n },
    {
      type: types.symlink,
      path: "d/link",
      link: "/etc/passwd",
      mode: 0o777,
      uid: 9,
      gid: 10,
      time: time + 4n,
    },
    { type: types.hardLink, path: "d/again", link: "d/file" },
    { type: types.fifo, path: "d/fifo", mode: 0o606, uid: 11, gid: 12, time: time + 5n },
    { type: types.char, path: "d/null", mode: 0o666, device: [1, 3], time: time + 6n },
    { type: types.block, path: "d/disk", mode: 0o660, gid: 6, device: [259, 300], time: time + 7n },
    { type: types.char, path: "d/.wh", mode: 0, device: [0, 0], time: time + 8n },
  ];
  const { failure } = await unpack(place.inside, records, place.directory.path);
  assert.equal(failure, undefined);
  assert.deepEqual(listing(place.inside), [
    "b 660 0:6 0 1234567890.1234567960 1 d/disk ",
    "c 0 0:0 0 1234567890.1234567970 1 d/.wh ",
    "c 666 0:0 0 1234567890.1234567950 1 d/null ",
    "d 1777 3:4 - 1234567890.1234567900 2 d ",
    "d 750 1:2 - 1234567890.1234567890 3  ",
    "f 640 5:6 7 1234567890.1234567910 2 d/again ",
    "f 640 5:6 7 1234567890.1234567910 2 d/file ",
    "f 6755 7:8 0 1234567890.1234567920 1 d/setuid ",
    "l 777 9:10 11 1234567890.1234567930 1 d/link /etc/passwd",
    "p 606 11:12 0 1234567890.1234567940 1 d/fifo ",
  ]);
  assert.equal(await readFile(join(place.inside, "d/again"), "utf8"), "content");
  const device = (name: string) => lstatSync(join(place.inside, name)).rdev;
  assert.equal(device("d/null"), 0x103);
  assert.equal(device("d/disk"), (1 << 20) | (259 << 8) | 44);
  assert.equal(device("d/.wh"), 0);
});

test("extended attributes are set, capabilities survive the change of owner", {
  skip: skip || probe.skip,
}, async () => {
  await using place = await prepare();
  const capability = "\x01\x00\x00\x02\x00\x04\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00";
  const { failure } = await unpack(
    place.inside,
    [
      { type: types.directory, path: "d", mode: 0o755, xattrs: { "trusted.overlay.opaque": "y" } },
      {
        type: types.file,
        path: "d/ping",
        mode: 0o755,
        uid: 100,
        gid: 100,
        content: Buffer.alloc(700_000, 1),
        xattrs: { "security.capability": capability, "user.empty": "" },
      },
      { type: types.symlink, path: "d/link", link: "x", xattrs: { "trusted.note": "on the link" } },
    ],
    place.directory.path,
  );
  assert.equal(failure, undefined);
  assert.deepEqual(attributesOf(join(place.inside, "d")), { "trusted.overlay.opaque": "79" });
  assert.deepEqual(attributesOf(join(place.inside, "d/ping")), {
    "security.capability": Buffer.from(capability, "latin1").toString("hex"),
    "user.empty": "",
  });
  assert.deepEqual(attributesOf(join(place.inside, "d/link")), {
    "trusted.note": Buffer.from("on the link").toString("hex"),
  });
});

test("what is not a directory is replaced, a directory is kept", { skip }, async () => {
  await using place = await prepare();
  await mkdir(join(place.inside, "kept/below"), { recursive: true });
  await writeFile(join(place.inside, "file"), "old");
  await writeFile(join(place.inside, "becomes-directory"), "old");
  await symlink(join(place.outside, "secret"), join(place.inside, "link"));
  await link(join(place.outside, "secret"), join(place.inside, "hard"));
  const { failure } = await unpack(
    place.inside,
    [
      { type: types.file, path: "file", content: Buffer.from("new") },
      { type: types.file, path: "link", content: Buffer.from("new") },
      { type: types.file, path: "hard", content: Buffer.from("new") },
      { type: types.directory, path: "becomes-directory", mode: 0o755 },
      { type: types.symlink, path: "becomes-directory/link", link: "one" },
      { type: types.symlink, path: "becomes-directory/link", link: "two" },
      { type: types.directory, path: "kept", mode: 0o700, time },
    ],
    place.directory.path,
  );
  assert.equal(failure, undefined);
  for (const name of ["file", "link", "hard"])
    assert.equal(await readFile(join(place.inside, name), "utf8"), "new");
  assert.equal(await readFile(join(place.outside, "secret"), "utf8"), "secret");
  assert.equal(readlinkSync(join(place.inside, "becomes-directory/link")), "two");
  assert.deepEqual(await readdir(join(place.inside, "kept")), ["below"]);
  const kept = lstatSync(join(place.inside, "kept"), { bigint: true });
  assert.equal(kept.mode & 0o7777n, 0o700n);
  assert.equal(kept.mtimeNs, time);
});

test("a missing parent is made and times of directories outlast what is made in them", { skip }, async () => {
  await using place = await prepare();
  const { failure } = await unpack(
    place.inside,
    [
      { type: types.file, path: "a/b/c/file" },
      { type: types.directory, path: "a/b", mode: 0o711, time },
      { type: types.file, path: "a/b/late" },
      { type: types.file, path: "x/y" },
      { type: types.file, path: "a/b/later" },
    ],
    place.directory.path,
  );
  assert.equal(failure, undefined);
  const status = (name: string) => lstatSync(join(place.inside, name), { bigint: true });
  assert.equal(status("a").mode & 0o7777n, 0o755n);
  assert.equal(status("a/b/c").mode & 0o7777n, 0o755n);
  assert.equal(status("a/b").mtimeNs, time);
});

test("a tree as deep as paths allow", { skip }, async () => {
  await using place = await prepare();
  const depth = 2000;
  const path = Array.from({ length: depth }, () => "d").join("/");
  const { failure } = await unpack(
    place.inside,
    [
      { type: types.file, path: `${path}/file`, content: Buffer.from("deep") },
      { type: types.directory, path, mode: 0o700, time },
    ],
    place.directory.path,
  );
  assert.equal(failure, undefined);
  assert.equal(readFileSync(join(place.inside, path, "file"), "utf8"), "deep");
  const longer = await unpack(
    place.inside,
    [{ type: types.file, path: `${path}/${path}` }],
    place.directory.path,
  );
  assert.equal(longer.failure?.errno, EBADMSG);
});

test("records come through a socket and through a pipe, large files included", { skip }, async () => {
  await using place = await prepare();
  const large = Buffer.alloc(3_000_000, "large ");
  const stream = encodeTree([
    { type: types.file, path: "large", content: large },
    { type: types.file, path: "small", content: Buffer.from("small") },
    { type: types.file, path: "large2", content: large },
  ]);
  const ops = unpackOps(place.inside).map((op) => ({ ...op, from: "test" }) as Op);
  const { message } = encodePlan({ host: ops, stage: [], init: [] });
  for (const command of ['exec "$0" run 4', 'cat <&3 | "$0" run 4 3<&0']) {
    const child = spawn("sh", ["-c", command, helperPath], {
      stdio: ["ignore", "ignore", "inherit", "pipe", "pipe"],
    });
    (child.stdio[3] as NodeJS.WritableStream).end(stream);
    (child.stdio[4] as NodeJS.WritableStream).write(message);
    const [code] = await once(child, "exit");
    assert.equal(code, 0);
    assert.deepEqual(await readFile(join(place.inside, "large2")), large);
    assert.equal(await readFile(join(place.inside, "small"), "utf8"), "small");
    await (await open(join(place.inside, "large2"), "w")).close();
  }
});

test("the same tree as GNU tar makes", { skip }, async () => {
  await using place = await prepare();
  const reference = join(place.directory.path, "reference");
  const source = join(place.directory.path, "source");
  await mkdir(reference);
  await mkdir(source);
  execFileSync(
    "sh",
    [
      "-ec",
      `mkdir -p a/b; echo one > a/one; ln a/one a/b/two; ln -s ../one a/b/link; mkfifo a/fifo; chmod 4711 a/one
      chown 12:34 a/b; touch -d @1000000000.5 a/one a/b a; mknod a/zero c 1 5`,
    ],
    { cwd: source },
  );
  execFileSync("sh", [
    "-c",
    'tar -C "$0" --format=posix -c . | tar -C "$1" -xp --numeric-owner',
    source,
    reference,
  ]);
  const { outcome, records } = await pack(source, place.directory.path);
  assert.equal(outcome.failure, undefined);
  const { failure } = await unpack(place.inside, records, place.directory.path);
  assert.equal(failure, undefined);
  assert.deepEqual(listing(place.inside), listing(reference));
});

test("begins where it is told to, following links inside the root and no further", { skip }, async () => {
  await using place = await prepare();
  const { inside, outside, directory } = place;
  await mkdir(join(inside, "real"));
  await symlink("/real", join(inside, "link"));
  await symlink("../../outside", join(inside, "out"));
  await writeFile(join(inside, "file"), "");
  const records: TreeRecord[] = [{ type: types.file, path: "new", content: Buffer.from("x") }];
  assert.equal((await unpack(inside, records, directory.path, { path: "link/" })).failure, undefined);
  assert.equal(await readFile(join(inside, "real/new"), "utf8"), "x");
  const errnoAt = async (path: string) =>
    (await unpack(inside, records, directory.path, { path })).failure?.errno;
  assert.equal(await errnoAt("/out"), ENOENT);
  assert.equal(await errnoAt("/file"), ENOTDIR);
  assert.deepEqual(await readdir(outside), ["secret"]);
});

test("a directory takes the place of a file unless kinds are to be kept", { skip }, async () => {
  await using place = await prepare();
  const { inside, directory } = place;
  await writeFile(join(inside, "name"), "kept");
  await symlink("name", join(inside, "link"));
  const flags = unpackFlags.KEEP_KINDS;
  for (const path of ["name", "link"]) {
    const { failure } = await unpack(inside, [{ type: types.directory, path }], directory.path, { flags });
    assert.deepEqual([failure?.errno, failure?.path], [ENOTDIR, path]);
  }
  assert.equal(await readFile(join(inside, "name"), "utf8"), "kept");
  assert.equal(
    (await unpack(inside, [{ type: types.directory, path: "name" }], directory.path)).failure,
    undefined,
  );
  assert.ok(lstatSync(join(inside, "name")).isDirectory());
});

test("unpacks into the root of a process, by its pidfd", { skip }, async () => {
  await using place = await prepare();
  const { inside, directory } = place;
  const script = 'mount -t tmpfs none "$0" && echo ready && read line && cat "$0/new"';
  const child = spawn("unshare", ["-m", "sh", "-c", script, inside], { stdio: ["pipe", "pipe", "inherit"] });
  await once(child.stdout, "data");
  const startTime = BigInt(readFileSync(`/proc/${child.pid}/stat`, "utf8").split(" ")[21] ?? 0);
  const records: TreeRecord[] = [{ type: types.file, path: "new", content: Buffer.from("from outside") }];
  const options = { pid: child.pid as number, startTime, path: inside };
  const { failure } = await unpack("", records, directory.path, options);
  child.stdin.end("\n");
  const [shown] = (await once(child.stdout, "data")) as [Buffer];
  assert.equal(failure, undefined);
  assert.equal(`${shown}`, "from outside");
  assert.deepEqual(await readdir(inside), []);
});
