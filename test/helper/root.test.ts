import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import {
  existsSync,
  lstatSync,
  mkdirSync,
  readFileSync,
  readlinkSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { constants } from "node:os";
import { test } from "node:test";
import { cloneFlags, nodeTypes, propagationFlags } from "../../src/plan/index.ts";
import { requireRoot } from "../environment/requirements.ts";
import { temporaryDirectory } from "../environment/temporary.ts";
import { device, makeRootfs, runBox, slots } from "./box.ts";
import { slot, type TestOp } from "./driver.ts";

const skip = requireRoot();
const { ENOENT, EEXIST, ENODEV, EXDEV } = constants.errno;
const root = slots.root;

test("devices are made with mode and owner; an equal one is kept, another thing is an error", {
  skip,
}, async () => {
  await using directory = await temporaryDirectory();
  const rootfs = await makeRootfs(directory.path);
  const { stdout, failure } = await runBox(
    rootfs,
    "cd /dev; stat -c '%F %t:%T %a %u:%g' zero full pipe; head -c1 zero | wc -c",
    {
      mounts: [
        { ...device("/dev/zero", 5), mode: 0o644, uid: 7, gid: 8 } as TestOp,
        device("/dev/full", 7),
        { ...device("/dev/full", 7), mode: 0o600 } as TestOp,
        { op: "device", root, path: "/dev/pipe", type: nodeTypes.FIFO, mode: 0o622 },
      ],
    },
  );
  assert.equal(failure, undefined);
  assert.deepEqual(stdout.trim().split("\n"), [
    "character special file 1:5 644 7:8",
    "character special file 1:7 666 0:0",
    "fifo 0:0 622 0:0",
    "1",
  ]);
  const wrong = await runBox(rootfs, "true", { mounts: [device("/dev/zero", 5), device("/dev/zero", 7)] });
  assert.deepEqual([wrong.failure?.errno, wrong.failure?.path], [EEXIST, "/dev/zero"]);
  symlinkSync("/dev/null", `${rootfs}/etc/link`);
  assert.equal((await runBox(rootfs, "true", { mounts: [device("/etc/link", 3)] })).failure?.errno, EEXIST);
});

test("a host node is bound only if it is the one that was meant", { skip }, async () => {
  await using directory = await temporaryDirectory();
  const rootfs = await makeRootfs(directory.path);
  const bound = { ...device("/dev/zero", 5), bind: "/dev/zero" } as TestOp;
  const { stdout, failure } = await runBox(
    rootfs,
    "head -c2 /dev/zero | wc -c; grep -c ' /dev/zero ' /proc/self/mountinfo",
    { mounts: [bound] },
  );
  assert.equal(failure, undefined);
  assert.equal(stdout, "2\n1\n");
  const { failure: other } = await runBox(rootfs, "true", {
    mounts: [{ ...bound, bind: "/dev/null" } as TestOp],
  });
  assert.deepEqual([other?.errno, other?.path], [ENODEV, "/dev/null"]);
});

test("links are made once, directories with their parents, mode and owner", { skip }, async () => {
  await using directory = await temporaryDirectory();
  const rootfs = await makeRootfs(directory.path);
  const link = { op: "symlink", root, path: "/a/fd", target: "/proc/self/fd" } as const;
  const { failure } = await runBox(rootfs, "true", {
    mounts: [
      link,
      link,
      { op: "makeDirectory", root, path: "/b/c/d", mode: 0o1770, uid: 5, gid: 6 },
      { op: "makeDirectory", root, path: "/b/c", mode: 0o700, uid: 5, gid: 6 },
    ],
    root: [{ op: "makeDirectory", root, path: "/after", mode: 0o755 }],
  });
  assert.equal(failure, undefined);
  assert.equal(readlinkSync(`${rootfs}/a/fd`), "/proc/self/fd");
  const made = statSync(`${rootfs}/b/c/d`);
  assert.deepEqual([made.mode & 0o7777, made.uid, made.gid], [0o1770, 5, 6]);
  const kept = statSync(`${rootfs}/b/c`);
  assert.deepEqual([kept.mode & 0o7777, kept.uid], [0o755, 0]);
  assert.ok(existsSync(`${rootfs}/after`));
  assert.equal(
    (await runBox(rootfs, "true", { mounts: [{ ...link, target: "/other" }] })).failure?.errno,
    EEXIST,
  );
});

test("pivot leaves nothing of the old root behind", { skip }, async () => {
  await using directory = await temporaryDirectory();
  const rootfs = await makeRootfs(directory.path);
  const { stdout } = await runBox(
    rootfs,
    "cut -d' ' -f5 /proc/self/mountinfo; pwd; readlink /proc/1/cwd; ls -d /tmp/.. /*",
  );
  assert.deepEqual(stdout.split("\n").slice(0, 6), ["/", "/usr", "/proc", "/dev", "/", "/"]);
  assert.ok(!stdout.includes(directory.path));
});

test("pivot gives the new root its propagation", { skip }, async () => {
  await using directory = await temporaryDirectory();
  const rootfs = await makeRootfs(directory.path);
  const plan = (propagation: number) =>
    runBox(rootfs, "grep -E '^[^/]*/[^ ]* / ' /proc/self/mountinfo | cut -d' ' -f7", {
      mounts: [],
      root: [{ op: "setMount", root, target: "/", propagation }],
    });
  assert.match((await plan(propagationFlags.SHARED)).stdout, /^shared:\d+\n$/);
  assert.equal((await plan(propagationFlags.PRIVATE)).stdout, "-\n");
});

test("moveRoot and changeRoot put the program into the same root", { skip }, async () => {
  await using directory = await temporaryDirectory();
  const rootfs = await makeRootfs(directory.path);
  for (const op of ["moveRoot", "changeRoot"] as const) {
    const { stdout, failure } = await runBox(rootfs, "cat /etc/hostname; pwd; ls -d /..", {
      pivot: { op, root },
    });
    assert.equal(failure, undefined);
    assert.equal(stdout, "rootfs\n/\n/..\n");
  }
});

test("masks hide directories and files, whatever stands at their place, and skip what is absent", {
  skip,
}, async () => {
  await using directory = await temporaryDirectory();
  const rootfs = await makeRootfs(directory.path);
  for (const name of ["secret1", "secret2"]) {
    mkdirSync(`${rootfs}/${name}`);
    writeFileSync(`${rootfs}/${name}/file`, "secret");
  }
  writeFileSync(`${rootfs}/key`, "secret");
  symlinkSync("/key", `${rootfs}/link`);
  const masked = [
    "/secret1",
    "/secret2",
    "/proc/kcore",
    "/proc/keys",
    "/link",
    "/absent",
    "/etc/hostname/absent",
  ];
  const { stdout, failure } = await runBox(
    rootfs,
    "ls -A /secret1 /secret2; cat /key /proc/keys | wc -c; touch /secret1/x 2>&1; chmod 600 /proc/keys 2>&1; stat -c '%t:%T' /key",
    { root: masked.map((path) => ({ op: "mask", root, path })) },
  );
  assert.equal(failure, undefined);
  assert.deepEqual(
    stdout
      .trim()
      .split("\n")
      .filter((line) => !/Read-only/.test(line)),
    ["/secret1:", "", "/secret2:", "0", "1:3"],
  );
  assert.equal(stdout.match(/Read-only/g)?.length, 2);
  assert.equal(statSync("/dev/null").mode & 0o777, 0o666);
});

test("a null device that the image brings is never used for masks", { skip }, async () => {
  await using directory = await temporaryDirectory();
  const rootfs = await makeRootfs(directory.path);
  writeFileSync(`${rootfs}/key`, "secret");
  writeFileSync(`${rootfs}/trap`, "trap");
  const { stdout, failure } = await runBox(rootfs, "cat /key; stat -c %F /key", {
    nodes: false,
    mounts: [{ op: "symlink", root, path: "/dev/null", target: "/trap" }],
    root: [{ op: "mask", root, path: "/key" }],
  });
  assert.equal(failure, undefined);
  assert.equal(stdout, "character special file\n");
});

test("readOnly keeps the flags of the mount it lies on and what is mounted below", { skip }, async () => {
  await using directory = await temporaryDirectory();
  const rootfs = await makeRootfs(directory.path);
  const { stdout, failure } = await runBox(
    rootfs,
    "grep ' /proc/sys ' /proc/self/mountinfo | cut -d' ' -f6; echo 1 2>&1 > /proc/sys/kernel/printk; touch /tmp/x 2>&1; touch /tmp/below/x",
    {
      mounts: [
        { op: "makeDirectory", root, path: "/tmp/below", mode: 0o755 },
        { op: "mountFs", root, target: "/tmp/below", type: "tmpfs" },
      ],
      root: ["/proc/sys", "/tmp", "/absent"].map((path) => ({ op: "readOnly", root, path })),
    },
  );
  assert.equal(failure, undefined);
  assert.match(stdout, /^ro,nosuid,nodev,noexec,relatime\n.*Read-only/);
});

test("sysctl writes parameters of the container's namespaces and only those", { skip }, async () => {
  await using directory = await temporaryDirectory();
  const rootfs = await makeRootfs(directory.path);
  const before = readFileSync("/proc/sys/net/ipv4/ip_default_ttl", "utf8");
  const { stdout, failure } = await runBox(
    rootfs,
    "cat /proc/sys/net/ipv4/ip_default_ttl /proc/sys/kernel/msgmax; hostname",
    {
      root: [
        { op: "sysctl", key: "net/ipv4/ip_default_ttl", value: "77" },
        { op: "sysctl", key: "kernel/msgmax", value: "4242" },
        { op: "sysctl", key: "kernel/hostname", value: "by-sysctl" },
      ],
    },
  );
  assert.equal(failure, undefined);
  assert.equal(stdout, "77\n4242\nby-sysctl\n");
  assert.equal(readFileSync("/proc/sys/net/ipv4/ip_default_ttl", "utf8"), before);
  assert.ok(execFileSync("hostname", { encoding: "utf8" }) !== "by-sysctl\n");
  const absent = await runBox(rootfs, "true", { root: [{ op: "sysctl", key: "net/none", value: "1" }] });
  assert.deepEqual([absent.failure?.errno, absent.failure?.path], [ENOENT, "sys/net/none"]);
  const climbing = await runBox(rootfs, "true", {
    root: [{ op: "sysctl", key: "../../etc/hostname", value: "1" }],
  });
  assert.equal(climbing.failure?.errno, EXDEV);
});

test("in a user namespace nodes are bound, and masks, read-only paths and pivot work", { skip }, async () => {
  await using directory = await temporaryDirectory();
  const rootfs = await makeRootfs(directory.path);
  execFileSync("chown", ["-R", "100000:100000", rootfs]);
  execFileSync("chmod", ["755", directory.path]);
  const { NEWPID, NEWNS, NEWUTS, NEWIPC, NEWNET } = cloneFlags;
  const { stdout, failure } = await runBox(
    rootfs,
    "id -u; head -c1 /dev/zero | wc -c; touch /tmp/made; cat /proc/self/uid_map; ls -A /etc; ls /tmp",
    {
      nodes: false,
      host: [{ op: "userNamespace", uidMap: "0 100000 65536", gidMap: "0 100000 65536", out: slot(3) }],
      stage: [
        { op: "join", namespaces: [slot(3)] },
        { op: "spawn", flags: NEWPID | NEWNS | NEWUTS | NEWIPC | NEWNET },
      ],
      enter: [{ op: "hostName", name: "inside" }],
      mounts: [
        { ...device("/dev/zero", 5), bind: "/dev/zero" } as TestOp,
        {
          op: "mountFs",
          root,
          target: "/dev/pts",
          type: "devpts",
          options: ["newinstance", "ptmxmode=0666", "mode=0620"],
        },
      ],
      root: [
        { op: "mask", root, path: "/proc/kcore" },
        { op: "mask", root, path: "/etc" },
        { op: "readOnly", root, path: "/proc/sys" },
      ],
    },
  );
  assert.equal(failure, undefined);
  assert.match(stdout, /^0\n1\n +0 +100000 +65536\nmade\n$/);
  assert.equal(lstatSync(`${rootfs}/tmp/made`).uid, 100000);
});
