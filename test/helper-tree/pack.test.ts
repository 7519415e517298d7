import assert from "node:assert/strict";
import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { link, mkdir, rename, rm, symlink, truncate, writeFile } from "node:fs/promises";
import { constants } from "node:os";
import { join } from "node:path";
import type { Duplex } from "node:stream";
import { test } from "node:test";
import { type Answer, readAnswers } from "../../src/helper/answer.ts";
import { encodePlan, type Op, packFlags } from "../../src/plan/index.ts";
import { probeProgram } from "../environment/probe.ts";
import { requireRoot } from "../environment/requirements.ts";
import { temporaryDirectory } from "../environment/temporary.ts";
import { helperPath } from "../helper/driver.ts";
import { types } from "./records.ts";
import { listing, pack, packOps, unpack } from "./tree.ts";

const skip = requireRoot();
const probe = probeProgram();

/** Runs a shell script in a directory. */
function shell(directory: string, script: string): void {
  execFileSync("sh", ["-ec", script], { cwd: directory });
}

test("a tree comes back the same, sorted, with its hard links and without sockets", {
  skip: skip || probe.skip,
}, async () => {
  await using directory = await temporaryDirectory();
  const [source, target] = [join(directory.path, "source"), join(directory.path, "target")];
  await mkdir(source);
  await mkdir(target);
  shell(
    source,
    `mkdir -p d/e z empty; echo first > d/b; ln d/b a; ln d/b z/c; ln -s nowhere d/link; mkfifo d/fifo
     mknod z/null c 1 3; mknod z/disk b 8 1; chown 10:20 d/b; chmod 6751 d/b; touch -h -d @77.000000001 d/link
     head -c 3000000 /dev/urandom > big; ${probe.path} socket socket
     touch -d @5 . d d/e z empty`,
  );
  const { outcome, records } = await pack(source, directory.path);
  assert.equal(outcome.failure, undefined);
  assert.deepEqual(
    records.map(({ type, path, link }) => [type, path, link]),
    [
      [types.directory, "", ""],
      [types.file, "a", ""],
      [types.file, "big", ""],
      [types.directory, "d", ""],
      [types.hardLink, "d/b", "a"],
      [types.directory, "d/e", ""],
      [types.fifo, "d/fifo", ""],
      [types.symlink, "d/link", "nowhere"],
      [types.directory, "empty", ""],
      [types.directory, "z", ""],
      [types.hardLink, "z/c", "a"],
      [types.block, "z/disk", ""],
      [types.char, "z/null", ""],
    ],
  );
  assert.equal((await unpack(target, records, directory.path)).failure, undefined);
  assert.deepEqual(
    listing(target),
    listing(source).filter((line) => !line.startsWith("s")),
  );
  assert.deepEqual(readFileSync(join(target, "big")), readFileSync(join(source, "big")));
});

test("extended attributes of files, directories and links", { skip: skip || probe.skip }, async () => {
  await using directory = await temporaryDirectory();
  const source = join(directory.path, "source");
  await mkdir(source);
  shell(
    source,
    `mkdir d; touch f; ln -s f l
     ${probe.path} attribute d trusted.overlay.opaque 79 , attribute f user.one 31 , attribute f user.two "" , \
       attribute l trusted.link 78`,
  );
  const { records } = await pack(source, directory.path);
  const xattrs = Object.fromEntries(records.map(({ path, xattrs }) => [path, xattrs]));
  assert.deepEqual(xattrs, {
    "": {},
    d: { "trusted.overlay.opaque": "y" },
    f: { "user.one": "1", "user.two": "" },
    l: { "trusted.link": "x" },
  });
});

test("begins where it is told to, inside the root whatever links say", { skip }, async () => {
  await using directory = await temporaryDirectory();
  const source = join(directory.path, "source");
  await mkdir(join(source, "real/below"), { recursive: true });
  await writeFile(join(source, "real/below/file"), "content");
  await symlink("/real", join(source, "link"));
  await symlink("/etc", join(source, "outside"));
  const paths = async (path: string) =>
    (await pack(source, directory.path, { path })).records.map((record) => [record.type, record.path]);
  assert.deepEqual(await paths("/link/below"), [
    [types.directory, ""],
    [types.file, "file"],
  ]);
  assert.deepEqual(await paths("link/below/file"), [[types.file, ""]]);
  assert.deepEqual(await paths("/link"), [[types.symlink, ""]]);
  const { outcome } = await pack(source, directory.path, { path: "/outside/passwd" });
  assert.equal(outcome.failure?.errno, constants.errno.ENOENT);
});

test("stays on the mount it began on when asked to", { skip }, async () => {
  await using directory = await temporaryDirectory();
  const source = join(directory.path, "source");
  await mkdir(join(source, "mounted/hidden"), { recursive: true });
  await mkdir(join(directory.path, "volume"));
  await writeFile(join(directory.path, "volume/data"), "data");
  await writeFile(join(source, "hosts"), "");
  shell(directory.path, `mount --bind volume source/mounted; mount --bind volume/data source/hosts`);
  const packed = async (flags: number) =>
    (await pack(source, directory.path, { flags })).records.map(({ path, content }) => [path, `${content}`]);
  assert.deepEqual(await packed(0), [
    ["", ""],
    ["hosts", "data"],
    ["mounted", ""],
    ["mounted/data", "data"],
  ]);
  assert.deepEqual(await packed(1), [
    ["", ""],
    ["hosts", ""],
    ["mounted", ""],
  ]);
});

test("a listing has the sizes and no content", { skip }, async () => {
  await using directory = await temporaryDirectory();
  const source = join(directory.path, "source");
  await mkdir(join(source, "d"), { recursive: true });
  await writeFile(join(source, "d/large"), Buffer.alloc(1_000_000));
  await writeFile(join(source, "d/small"), "four");
  const { records } = await pack(source, directory.path, { flags: packFlags.LISTING });
  assert.deepEqual(
    records.map(({ path, size, content }) => [path, size, content?.length]),
    [
      ["", 0, 0],
      ["d", 0, 0],
      ["d/large", 1_000_000, 0],
      ["d/small", 4, 0],
    ],
  );
});

test("views of the kernel are empty directories when asked for", { skip }, async () => {
  await using directory = await temporaryDirectory();
  const source = join(directory.path, "source");
  shell(directory.path, "mkdir -p source/proc source/sys source/tmp");
  shell(source, "mount -t proc none proc; mount --bind /sys sys; mount -t tmpfs none tmp; touch tmp/kept");
  const { outcome, records } = await pack(source, directory.path, { flags: packFlags.NO_KERNEL_FILES });
  assert.equal(outcome.failure, undefined);
  assert.deepEqual(
    records.map(({ path }) => path),
    ["", "proc", "sys", "tmp", "tmp/kept"],
  );
});

test("the root of a process, by its pidfd", { skip }, async () => {
  await using directory = await temporaryDirectory();
  const source = join(directory.path, "source");
  await mkdir(join(source, "bin"), { recursive: true });
  const script = `mount --bind "$0" "$0" && cd "$0" && mount -t tmpfs none bin && echo inside > bin/file &&
    echo ready && read line`;
  const child = spawn("unshare", ["-m", "sh", "-c", `${script}`, source], {
    stdio: ["pipe", "pipe", "inherit"],
  });
  try {
    await once(child.stdout, "data");
    const startTime = BigInt(readFileSync(`/proc/${child.pid}/stat`, "utf8").split(" ")[21] ?? 0);
    const { outcome, records } = await pack("", directory.path, {
      pid: child.pid as number,
      startTime,
      path: join(source, "bin"),
    });
    assert.equal(outcome.failure, undefined);
    assert.deepEqual(
      records.map(({ path }) => path),
      ["", "file"],
    );
  } finally {
    await end(child);
  }
});

test("a tree that changes meanwhile gives whole records", { skip }, async () => {
  await using directory = await temporaryDirectory();
  const source = join(directory.path, "source");
  await mkdir(join(source, "dir"), { recursive: true });
  await writeFile(join(directory.path, "secret"), "secret");
  for (let index = 0; index < 50; index += 1)
    await writeFile(join(source, `file${index}`), "x".repeat(100_000));
  let stop = false;
  const change = (async () => {
    for (let index = 0; !stop; index = (index + 1) % 50) {
      await truncate(join(source, `file${index}`), index % 2 === 0 ? 10 : 200_000);
      await rm(join(source, "dir"), { recursive: true });
      await symlink(directory.path, join(source, "dir"));
      await rm(join(source, "dir"));
      await mkdir(join(source, "dir"));
      await writeFile(join(source, "dir/new"), "new");
      await rename(join(source, "dir/new"), join(source, "moved"));
    }
  })();
  try {
    for (let round = 0; round < 30; round += 1) {
      const { outcome, records } = await pack(source, directory.path);
      assert.equal(outcome.failure, undefined, `${outcome.failure?.call} ${outcome.failure?.path}`);
      assert.ok(records.every(({ path }) => !path.includes("secret")));
    }
  } finally {
    stop = true;
    await change;
  }
});

test("each whiteout of an overlay is one, although all are one inode", { skip }, async () => {
  await using directory = await temporaryDirectory();
  const source = join(directory.path, "source");
  await mkdir(source);
  shell(source, "mknod a c 0 0; ln a b; ln a c");
  const { records } = await pack(source, directory.path);
  const expected = ["a", "b", "c"].map((path) => [types.char, path]);
  assert.deepEqual(
    records.slice(1).map(({ type, path }) => [type, path]),
    expected,
  );
});

test("thousands of hard links and names", { skip }, async () => {
  await using directory = await temporaryDirectory();
  const [source, target] = [join(directory.path, "source"), join(directory.path, "target")];
  await mkdir(join(source, "links"), { recursive: true });
  await mkdir(target);
  for (let index = 0; index < 1500; index += 1) {
    await writeFile(join(source, `f${index}`), `${index}`);
    await link(join(source, `f${index}`), join(source, "links", `l${1499 - index}`));
  }
  const { records } = await pack(source, directory.path);
  assert.equal((await unpack(target, records, directory.path)).failure, undefined);
  assert.deepEqual(listing(target), listing(source));
});

test("a reader that goes away is a failure, not a death", { skip }, async () => {
  await using directory = await temporaryDirectory();
  await writeFile(join(directory.path, "big"), Buffer.alloc(8_000_000));
  const ops = packOps(directory.path).map((op) => ({ ...op, from: "test" }) as Op);
  const child = spawn("sh", ["-c", '"$0" run 4 3>&1 >&2 | head -c 10', helperPath], {
    stdio: ["ignore", "ignore", "inherit", "ignore", "pipe"],
  });
  const socket = child.stdio[4] as Duplex;
  socket.write(encodePlan({ host: ops, stage: [], init: [] }).message);
  const answers: Answer[] = [];
  for await (const answer of readAnswers(socket)) answers.push(answer);
  const last = answers.at(-1);
  assert.equal(last?.type === "failed" && last.failure.errno, constants.errno.EPIPE);
});

async function end(child: ChildProcess): Promise<void> {
  const exit = once(child, "exit");
  child.stdin?.end("\n");
  await exit;
}
