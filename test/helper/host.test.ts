import assert from "node:assert/strict";
import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import {
  chownSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { createServer } from "node:net";
import { constants } from "node:os";
import { test } from "node:test";
import { cloneFlags, directoryFlags, openFlags } from "../../src/plan/index.ts";
import { requireRoot } from "../environment/requirements.ts";
import { temporaryDirectory } from "../environment/temporary.ts";
import { failureOf, inside, run, slot, type TestOp } from "./driver.ts";

const skip = requireRoot();
const { EBUSY, ENOENT, EINVAL, EEXIST, ESRCH, ETIMEDOUT, EFBIG, EISDIR, ENOTDIR, ENOEXEC } = constants.errno;
const shell = (script: string, more: Partial<Extract<TestOp, { op: "hook" }>> = {}): TestOp => ({
  op: "hook",
  path: "/bin/sh",
  args: ["hook", "-c", script],
  env: ["PATH=/bin", "A=1"],
  input: "",
  ...more,
});

test("directory makes parents, gives the exact mode and keeps an existing one only when told", async () => {
  await using directory = await temporaryDirectory();
  const path = inside(directory, "a/b/c");
  const flags = directoryFlags.PARENTS;
  assert.equal((await failureOf({ host: [{ op: "directory", path, mode: 0o755 }] })).errno, ENOENT);
  await run({ host: [{ op: "directory", path, mode: 0o2777, flags }] });
  assert.equal(statSync(path).mode & 0o7777, 0o2777);
  assert.equal((await failureOf({ host: [{ op: "directory", path, mode: 0o755, flags }] })).errno, EEXIST);
  const kept = { op: "directory", path, mode: 0o755, flags: flags | directoryFlags.MAY_EXIST } as const;
  assert.equal((await run({ host: [kept] })).failure, undefined);
  writeFileSync(inside(directory, "file"), "");
  assert.equal((await failureOf({ host: [{ ...kept, path: inside(directory, "file") }] })).errno, EEXIST);
});

test("writeFile replaces the file, never the target of a link, and leaves nothing else", async () => {
  await using directory = await temporaryDirectory();
  const path = inside(directory, "file");
  writeFileSync(inside(directory, "other"), "other");
  symlinkSync("other", path);
  await run({ host: [{ op: "writeFile", path, content: "50%% %p", mode: 0o640 }] });
  assert.equal(readFileSync(path, "utf8"), "50% 0");
  assert.equal(lstatSync(path).mode, 0o100640);
  assert.equal(readFileSync(inside(directory, "other"), "utf8"), "other");
  assert.equal(
    (await failureOf({ host: [{ op: "writeFile", path, content: "%x", mode: 0o640 }] })).errno,
    EINVAL,
  );
  assert.deepEqual(readdirSync(directory.path).sort(), ["file", "other"]);
});

test("remove takes files, and whole trees without following links", async () => {
  await using directory = await temporaryDirectory();
  const tree = inside(directory, "tree");
  const outside = inside(directory, "outside");
  mkdirSync(outside);
  writeFileSync(`${outside}/kept`, "");
  mkdirSync(tree);
  let deep = tree;
  for (let depth = 0; depth < 300; depth++) {
    deep += "/0123456789";
    mkdirSync(deep);
    if (depth % 50 === 0) {
      writeFileSync(`${deep}/file`, "");
      symlinkSync(outside, `${deep}/link`);
      mkdirSync(`${deep}/.remove-${depth}`);
      writeFileSync(`${deep}/.remove-${depth}/file`, "");
    }
  }
  assert.equal((await failureOf({ host: [{ op: "remove", path: tree }] })).errno, EISDIR);
  assert.equal((await run({ host: [{ op: "remove", path: tree, tree: 1 }] })).failure, undefined);
  assert.ok(!existsSync(tree) && existsSync(`${outside}/kept`));
  assert.equal((await failureOf({ host: [{ op: "remove", path: tree, tree: 1 }] })).errno, ENOENT);
  await run({ host: [{ op: "remove", path: `${outside}/kept` }] });
  assert.ok(!existsSync(`${outside}/kept`));
});

test("remove ends at what cannot be removed, a mount over a file or a directory", { skip }, async () => {
  await using directory = await temporaryDirectory();
  for (const make of [(path: string) => writeFileSync(path, ""), (path: string) => mkdirSync(path)]) {
    const tree = inside(directory, "tree");
    mkdirSync(`${tree}/a/b`, { recursive: true });
    const [from, to] = [inside(directory, "from"), `${tree}/a/b/to`];
    for (const path of [from, to]) make(path);
    execFileSync("mount", ["--bind", from, to]);
    try {
      assert.equal((await failureOf({ host: [{ op: "remove", path: tree, tree: 1 }] })).errno, EBUSY);
      assert.ok(existsSync(from) && existsSync(to));
    } finally {
      execFileSync("umount", [to]);
    }
    rmSync(tree, { recursive: true });
    rmSync(from, { recursive: true });
  }
});

test("fifo makes one and refuses what is there already", async () => {
  await using directory = await temporaryDirectory();
  const path = inside(directory, "fifo");
  await run({ host: [{ op: "fifo", path, out: slot(0) }] });
  assert.ok(statSync(path).isFIFO());
  assert.equal((await failureOf({ host: [{ op: "fifo", path, out: slot(0) }] })).errno, EEXIST);
});

test("connect reaches a socket whose path is longer than an address", async () => {
  await using directory = await temporaryDirectory();
  const parent = inside(directory, "x".repeat(120));
  mkdirSync(parent);
  const server = createServer();
  server.listen({ path: inside(directory, "s") });
  await once(server, "listening");
  symlinkSync(inside(directory, "s"), `${parent}/socket`);
  const connected = once(server, "connection");
  const { failure } = await run({ host: [{ op: "connect", path: `${parent}/socket`, out: slot(0) }] });
  assert.equal(failure, undefined);
  await connected;
  server.close();
});

test("openNamespace accepts only the kind that is wanted", { skip }, async () => {
  const path = "/proc/self/ns/uts";
  const open = (kind: number): TestOp => ({ op: "openNamespace", path, kind, out: slot(0) });
  assert.equal((await run({ host: [open(cloneFlags.NEWUTS)] })).failure, undefined);
  assert.equal((await failureOf({ host: [open(cloneFlags.NEWNET)] })).errno, EINVAL);
  const file = { op: "openNamespace", path: "/etc/passwd", kind: cloneFlags.NEWUTS, out: slot(0) } as const;
  assert.equal((await failureOf({ host: [file] })).errno, EINVAL);
});

test("openProcess refuses a recycled pid; signal and awaitDeath reach the right one", async () => {
  const child = spawn("sleep", ["1000"]);
  const pid = child.pid ?? 0;
  const open = { op: "openProcess", pid, startTime: startTime(pid), out: slot(0) } as const;
  assert.equal((await failureOf({ host: [{ ...open, startTime: open.startTime - 1n }] })).errno, ESRCH);
  const late = await failureOf({ host: [open, { op: "awaitDeath", process: slot(0), timeout: 20 }] });
  assert.deepEqual([late.index, late.errno], [1, ETIMEDOUT]);
  const { failure } = await run({
    host: [
      open,
      { op: "signal", process: slot(0), signal: 9 },
      { op: "awaitDeath", process: slot(0), timeout: 10_000 },
    ],
  });
  assert.equal(failure, undefined);
  assert.equal(await endOf(child), "SIGKILL");
});

test("readInRoot never leaves the root and refuses what is no regular file or too large", {
  skip,
}, async () => {
  await using directory = await temporaryDirectory();
  const root = inside(directory, "root");
  mkdirSync(`${root}/etc`, { recursive: true });
  writeFileSync(`${root}/etc/passwd`, "inside");
  writeFileSync(inside(directory, "secret"), "outside");
  symlinkSync("/etc/passwd", `${root}/absolute`);
  symlinkSync("../../../../etc/passwd", `${root}/upwards`);
  symlinkSync("../secret", `${root}/leak`);
  const read = (path: string, limit = 100): TestOp[] => [
    { op: "openFile", path: root, flags: openFlags.RDONLY, out: slot(0) },
    { op: "readInRoot", root: slot(0), path, limit, tag: 7 },
  ];
  for (const path of ["/etc/passwd", "absolute", "/upwards", "../etc/passwd"]) {
    const { data } = await run({ host: read(path) });
    assert.equal(data.get(7)?.toString(), "inside", path);
  }
  assert.equal((await failureOf({ host: read("/leak") })).errno, ENOENT);
  assert.equal((await failureOf({ host: read("/etc") })).errno, EISDIR);
  assert.equal((await failureOf({ host: read("/etc/passwd", 5) })).errno, EFBIG);
  assert.equal((await run({ host: read("/etc/passwd", 6) })).data.get(7)?.toString(), "inside");
  await run({ host: [{ op: "fifo", path: `${root}/fifo`, out: slot(0) }] });
  assert.equal((await failureOf({ host: read("/fifo") })).errno, EINVAL);
});

test("readInRoot takes the root of a process", { skip }, async () => {
  await using directory = await temporaryDirectory();
  writeFileSync(inside(directory, "x"), "in the root");
  mkdirSync(inside(directory, "usr"));
  const child = spawn("sleep", ["1000"]);
  const pid = child.pid ?? 0;
  const { data, failure } = await run({
    host: [
      { op: "openProcess", pid, startTime: startTime(pid), out: slot(0) },
      { op: "readInRoot", root: slot(0), path: inside(directory, "x"), limit: 100, tag: 1 },
    ],
  });
  child.kill("SIGKILL");
  assert.equal(failure, undefined);
  assert.equal(data.get(1)?.toString(), "in the root");
});

test("statInRoot describes what is there, and where a link leads inside the root", { skip }, async () => {
  await using directory = await temporaryDirectory();
  const root = inside(directory, "root");
  mkdirSync(`${root}/etc/deep`, { recursive: true });
  writeFileSync(`${root}/etc/passwd`, "inside", { mode: 0o640 });
  chownSync(`${root}/etc/passwd`, 3, 4);
  utimesSync(`${root}/etc/passwd`, 5, 6.5);
  symlinkSync("deep", `${root}/etc/short`);
  symlinkSync("/etc/short/../passwd", `${root}/link`);
  symlinkSync("../secret", `${root}/leak`);
  const look = (path: string): TestOp[] => [
    { op: "openFile", path: root, flags: openFlags.RDONLY, out: slot(0) },
    { op: "statInRoot", root: slot(0), path, tag: 7 },
  ];
  const found = async (path: string) => description((await run({ host: look(path) })).data.get(7));
  assert.deepEqual(await found("/etc/passwd"), {
    mode: 0o100640,
    uid: 3,
    gid: 4,
    size: 6,
    seconds: 6,
    nanoseconds: 500_000_000,
    link: "",
    target: "",
  });
  assert.equal((await found("etc/short/")).mode & 0o170000, 0o040000);
  assert.equal((await found("/etc/short")).link, "deep");
  const link = await found("/link");
  assert.deepEqual([link.link, link.target], ["/etc/short/../passwd", `${root}/etc/passwd`]);
  const leak = await found("leak");
  assert.deepEqual([leak.link, leak.target], ["../secret", ""]);
  assert.equal((await failureOf({ host: look("/etc/passwd/") })).errno, ENOTDIR);
  assert.equal((await failureOf({ host: look("/absent") })).errno, ENOENT);
});

/** The bytes that statInRoot returns. */
function description(bytes: Buffer | undefined) {
  assert.ok(bytes);
  const length = bytes.readUInt32LE(32);
  const [link, rest] = [bytes.subarray(36, 36 + length), bytes.subarray(36 + length)];
  return {
    mode: bytes.readUInt32LE(0),
    uid: bytes.readUInt32LE(4),
    gid: bytes.readUInt32LE(8),
    size: Number(bytes.readBigUInt64LE(12)),
    seconds: Number(bytes.readBigInt64LE(20)),
    nanoseconds: bytes.readUInt32LE(28),
    link: link.toString(),
    target: rest.subarray(4, 4 + rest.readUInt32LE(0)).toString(),
  };
}

test("a hook gets its input, exactly its environment, its directory and the caller's umask", async () => {
  await using directory = await temporaryDirectory();
  const path = inside(directory, "out");
  const input = "%%".repeat(200_000);
  const { failure } = await run({
    host: [
      shell(
        `{ wc -c; /usr/bin/env | sort; pwd; umask; grep SigIgn /proc/self/status; ls /proc/self/fd; } > ${path}`,
        { input, directory: "/usr" },
      ),
    ],
  });
  assert.equal(failure, undefined);
  const lines = readFileSync(path, "utf8").split("\n");
  assert.deepEqual(lines.slice(0, 6), ["200000", "A=1", "PATH=/bin", "PWD=/usr", "/usr", "0022"]);
  assert.match(lines[6] ?? "", /0{16}/);
  assert.deepEqual(lines.slice(7), ["0", "1", "2", "3", ""]);
});

test("a hook that reads nothing of a large input is no failure", async () => {
  const { failure } = await run({ host: [shell("exit 0", { input: "x".repeat(1_000_000) })] });
  assert.equal(failure, undefined);
});

test("a hook's bad end is reported with its status, a missing or unsound program with its errno", async () => {
  await using directory = await temporaryDirectory();
  const failed = await failureOf({ host: [shell("exit 3")] });
  assert.deepEqual([failed.errno, failed.status, failed.call, failed.path], [0, 3 << 8, "hook", "/bin/sh"]);
  assert.equal((await failureOf({ host: [shell("kill -TERM $$")] })).status, 15);
  assert.equal((await failureOf({ host: [shell("", { path: "/does/not/exist" })] })).errno, ENOENT);
  assert.equal((await failureOf({ host: [shell("", { directory: "/etc/passwd" })] })).errno, ENOTDIR);
  writeFileSync(inside(directory, "x"), "no program", { mode: 0o755 });
  assert.equal((await failureOf({ host: [shell("", { path: inside(directory, "x") })] })).errno, ENOEXEC);
});

test("a hook that takes too long is killed with all its group", async () => {
  await using directory = await temporaryDirectory();
  const path = inside(directory, "pid");
  const failure = await failureOf({
    host: [shell(`sleep 1000 & echo $! > ${path}; wait`, { timeout: 1, input: "x".repeat(100_000) })],
  });
  assert.equal(failure.errno, ETIMEDOUT);
  const pid = readFileSync(path, "utf8").trim();
  const state = () =>
    existsSync(`/proc/${pid}/stat`) ? readFileSync(`/proc/${pid}/stat`, "utf8").split(" ")[2] : "gone";
  while (!["Z", "gone"].includes(state() ?? "")) await new Promise(setImmediate);
});

test("a user namespace has the maps it was given", { skip }, async () => {
  const { stdout, failure } = await run({
    host: [
      {
        op: "userNamespace",
        uidMap: "0 100000 1000\n1000 5000 1",
        gidMap: "0 200000 10",
        denySetgroups: 1,
        out: slot(0),
      },
      { op: "runStage", fork: 1 },
      { op: "awaitExec" },
      { op: "waitExit" },
    ],
    stage: [{ op: "join", namespaces: [slot(0)] }, { op: "spawn" }],
    init: [
      {
        op: "exec",
        args: [
          "/bin/sh",
          "-c",
          "cat /proc/self/uid_map /proc/self/gid_map /proc/self/setgroups; id -u; id -g; echo $PPID",
        ],
        env: ["PATH=/bin:/usr/bin"],
      },
    ],
  });
  assert.equal(failure, undefined);
  const words = stdout.split(/\s+/);
  assert.deepEqual(
    words.slice(1, 13).map((word) => word),
    ["0", "100000", "1000", "1000", "5000", "1", "0", "200000", "10", "deny", "0", "0"],
  );
});

test("maps that the kernel refuses are reported by the name of their file", { skip }, async () => {
  const failure = await failureOf({
    host: [{ op: "userNamespace", uidMap: "0 0 0", gidMap: "0 0 1", out: slot(0) }],
  });
  assert.deepEqual([failure.errno, failure.path], [EINVAL, "uid_map"]);
});

/** Field 22 of a process's stat file. */
function startTime(pid: number): bigint {
  return BigInt(readFileSync(`/proc/${pid}/stat`, "utf8").split(") ").at(-1)?.split(" ")[19] ?? "0");
}

async function endOf(child: ChildProcess): Promise<string | null> {
  if (child.exitCode === null && child.signalCode === null) await once(child, "exit");
  return child.signalCode;
}
