import assert from "node:assert/strict";
import {
  existsSync,
  lstatSync,
  mkdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { constants } from "node:os";
import { test } from "node:test";
import {
  cloneFlags,
  cloneMountFlags,
  mountAttributes,
  openFlags,
  propagationFlags,
} from "../../src/plan/index.ts";
import { requireRoot } from "../environment/requirements.ts";
import { mountsBelow, temporaryDirectory } from "../environment/temporary.ts";
import { makeRootfs, runBox, slots } from "./box.ts";
import { failureOf, inside, run, slot, type TestOp } from "./driver.ts";

const skip = requireRoot();
const { ENOENT, EPERM, ELOOP, EINVAL, ENODEV, ENOTDIR } = constants.errno;
const { RDONLY, NOSUID, NODEV, NOEXEC, NOATIME } = mountAttributes;
const root = slots.root;
const attach = (target: string, mount = 3): TestOp => ({ op: "attach", root, mount: slot(mount), target });

test("a bind mount appears inside only, with the attributes it was given", { skip }, async () => {
  await using directory = await temporaryDirectory();
  const rootfs = await makeRootfs(directory.path);
  mkdirSync(inside(directory, "source"));
  writeFileSync(inside(directory, "source/file"), "from the host");
  const { stdout, stderr, failure } = await runBox(
    rootfs,
    "cat /new/place/file; touch /new/place/x; grep /new/place /proc/self/mountinfo | cut -d' ' -f6",
    {
      host: [
        { op: "cloneMount", path: inside(directory, "source"), out: slot(3) },
        { op: "changeMount", mount: slot(3), set: BigInt(RDONLY | NOSUID | NOEXEC | NOATIME), clear: 0x70n },
      ],
      mounts: [attach("/new/place")],
    },
  );
  assert.equal(failure, undefined);
  assert.equal(stdout, "from the hostro,nosuid,noexec,noatime\n");
  assert.match(stderr, /Read-only file system/);
  assert.ok(statSync(`${rootfs}/new/place`).isDirectory());
  assert.deepEqual(mountsBelow(directory.path), []);
});

test("a file is bound onto a file, which is made where it is missing", { skip }, async () => {
  await using directory = await temporaryDirectory();
  const rootfs = await makeRootfs(directory.path);
  writeFileSync(inside(directory, "file"), "bound");
  const { stdout } = await runBox(rootfs, "cat /a/b/c /etc/hostname", {
    host: [
      { op: "cloneMount", path: inside(directory, "file"), out: slot(3) },
      { op: "cloneMount", path: inside(directory, "file"), out: slot(4) },
    ],
    mounts: [attach("/a/b/c"), attach("/etc/hostname", 4)],
  });
  assert.equal(stdout, "boundbound");
  assert.ok(statSync(`${rootfs}/a/b/c`).isFile());
  assert.equal(readFileSync(`${rootfs}/etc/hostname`, "utf8"), "rootfs\n");
});

test("a part of a mount is found inside of it, whatever its links say, and the rest is not mounted", {
  skip,
}, async () => {
  await using directory = await temporaryDirectory();
  const rootfs = await makeRootfs(directory.path);
  const source = inside(directory, "source");
  mkdirSync(`${source}/a/b`, { recursive: true });
  writeFileSync(`${source}/a/b/file`, "inside");
  symlinkSync("/a", `${source}/absolute`);
  symlinkSync("../../..", `${source}/a/up`);
  symlinkSync(rootfs, `${source}/out`);
  const part = (target: string, path: string, mount: number): TestOp => ({
    op: "attach",
    root,
    mount: slot(mount),
    target,
    inside: path,
  });
  const host = [3, 4, 5].map((out): TestOp => ({ op: "cloneMount", path: source, out: slot(out) }));
  const script = "cat /x/file /y/b/file /f; cut -d' ' -f5 /proc/self/mountinfo | grep -x '/[xyf]*'";
  const { stdout, failure } = await runBox(rootfs, script, {
    host,
    mounts: [
      part("/x", "a/b", 3),
      part("/y", "a/up/absolute", 4),
      part("/f", "absolute/b/../../a/b/file", 5),
    ],
  });
  assert.equal(failure, undefined);
  assert.equal(stdout, "insideinsideinside/\n/x\n/y\n/f\n");
  for (const path of ["out", "none", "a/b/file/x"]) {
    const lost = await runBox(rootfs, "true", { host: host.slice(0, 1), mounts: [part("/x", path, 3)] });
    assert.deepEqual([lost.failure?.call, lost.failure?.path], ["openat2", path]);
  }
  assert.deepEqual(mountsBelow(directory.path), []);
});

test("a missing source is reported with its path", { skip }, async () => {
  const path = "/does/not/exist";
  const failure = await failureOf({ host: [{ op: "cloneMount", path, out: slot(0) }] });
  assert.deepEqual([failure.errno, failure.call, failure.path], [ENOENT, "open_tree", path]);
});

test("targets are resolved inside the root: absolute, relative, dangling and climbing links", {
  skip,
}, async () => {
  await using directory = await temporaryDirectory();
  const rootfs = await makeRootfs(directory.path);
  writeFileSync(inside(directory, "file"), "bound");
  symlinkSync("../run/systemd/stub", `${rootfs}/etc/resolv`);
  symlinkSync("/run/../../../outside", `${rootfs}/etc/climber`);
  symlinkSync("/etc/loop", `${rootfs}/etc/loop`);
  symlinkSync("../../../../../../../..", `${rootfs}/up`);
  const bind = (target: string) => ({
    host: [{ op: "cloneMount", path: inside(directory, "file"), out: slot(3) } as const],
    mounts: [attach(target)],
  });
  assert.equal(
    (await runBox(rootfs, "cat /run/systemd/stub /etc/resolv", bind("/etc/resolv"))).stdout,
    "boundbound",
  );
  assert.equal((await runBox(rootfs, "cat /outside/x", bind("/etc/climber/x"))).stdout, "bound");
  assert.equal((await runBox(rootfs, "cat /up-here", bind("/up/up-here"))).stdout, "bound");
  assert.equal((await runBox(rootfs, "cat /m/n", bind("/m/../m/./n"))).stdout, "bound");
  assert.equal((await runBox(rootfs, "true", bind("/etc/loop/x"))).failure?.errno, ELOOP);
  assert.equal((await runBox(rootfs, "true", bind("/etc/hostname/x"))).failure?.errno, ENOTDIR);
  assert.ok(!existsSync(inside(directory, "outside")));
});

test("a link into procfs is no target", { skip }, async () => {
  await using directory = await temporaryDirectory();
  const rootfs = await makeRootfs(directory.path);
  symlinkSync("/proc/sys", `${rootfs}/innocent`);
  const { failure } = await runBox(rootfs, "true", {
    host: [{ op: "cloneMount", path: rootfs, out: slot(3) }],
    mounts: [attach("/innocent/kernel")],
  });
  assert.deepEqual([failure?.errno, failure?.path], [EPERM, "/innocent/kernel"]);
});

test("procfs is mounted on an ordinary directory or not at all", { skip }, async () => {
  await using directory = await temporaryDirectory();
  const rootfs = await makeRootfs(directory.path);
  symlinkSync("tmp", `${rootfs}/proc2`);
  const { failure } = await runBox(rootfs, "true", {
    mounts: [{ op: "mountFs", root, target: "/proc2", type: "proc" }],
  });
  assert.equal(failure?.errno, ELOOP);
});

test("mountFs passes options and attributes on, and names the option that is wrong", { skip }, async () => {
  await using directory = await temporaryDirectory();
  const rootfs = await makeRootfs(directory.path);
  const mount = (...options: string[]): TestOp[] => [
    {
      op: "mountFs",
      root,
      target: "/tmp",
      type: "tmpfs",
      source: "the-source",
      options,
      set: BigInt(NODEV | NOSUID),
    },
  ];
  const { stdout } = await runBox(rootfs, "grep ' /tmp ' /proc/self/mountinfo; stat -c %a /tmp", {
    mounts: mount("size=64k", "mode=711", "noswap"),
  });
  // Debian's kernels are configured to add inode64.
  assert.match(
    stdout,
    / \/tmp rw,nosuid,nodev,relatime - tmpfs the-source rw,size=64k,mode=711(,inode64)?,noswap(,inode64)?\n711\n$/,
  );
  const { failure } = await runBox(rootfs, "true", { mounts: mount("mode=755", "nonsense=1") });
  assert.deepEqual([failure?.errno, failure?.call, failure?.path], [EINVAL, "fsconfig", "nonsense=1"]);
  const unknown = await runBox(rootfs, "true", {
    mounts: [{ op: "mountFs", root, target: "/tmp", type: "nonsense" }],
  });
  assert.deepEqual([unknown.failure?.errno, unknown.failure?.path], [ENODEV, "nonsense"]);
});

test("a tmpfs takes the mode of what it covers, and copies it up when told", { skip }, async () => {
  await using directory = await temporaryDirectory();
  const rootfs = await makeRootfs(directory.path);
  mkdirSync(`${rootfs}/data/sub`, { recursive: true, mode: 0o750 });
  writeFileSync(`${rootfs}/data/sub/file`, "copied", { mode: 0o604 });
  symlinkSync("file", `${rootfs}/data/sub/link`);
  const tmpfs = { op: "mountFs", root, target: "/data", type: "tmpfs" } as const;
  const empty = await runBox(rootfs, "stat -c %a /data; ls /data", { mounts: [tmpfs] });
  assert.equal(empty.stdout, "750\n");
  const { stdout, failure, stderr } = await runBox(
    rootfs,
    "stat -c %a /data; ls /data; cd /data/sub; cat link; stat -c %a file; touch new 2>&1",
    { mounts: [{ ...tmpfs, set: BigInt(RDONLY), copyUp: 1 }] },
  );
  assert.equal(stderr, "");
  assert.equal(failure, undefined);
  assert.match(stdout, /^750\nsub\ncopied604\n.*Read-only file system\n$/);
  assert.ok(existsSync(`${rootfs}/data/sub/file`));
});

test("where a file system may not be mounted, the alternative is bound", { skip }, async () => {
  await using directory = await temporaryDirectory();
  const rootfs = await makeRootfs(directory.path);
  const { NEWPID, NEWNS } = cloneFlags;
  const userns: TestOp = { op: "userNamespace", uidMap: "0 0 65536", gidMap: "0 0 65536", out: slot(3) };
  const sysfs = { op: "mountFs", root, target: "/sys", type: "sysfs", set: BigInt(RDONLY) } as const;
  const parts = (mount: TestOp) => ({
    host: [userns],
    stage: [
      { op: "join", namespaces: [slot(3)] },
      { op: "spawn", flags: NEWPID | NEWNS },
    ] as TestOp[],
    mounts: [mount],
  });
  assert.equal((await runBoxWithoutNodes(rootfs, "true", parts(sysfs))).failure?.errno, EPERM);
  const { stdout, failure } = await runBoxWithoutNodes(
    rootfs,
    "ls /sys/kernel | grep -x mm; touch /sys/x 2>&1",
    parts({ ...sysfs, else: "/sys" }),
  );
  assert.equal(failure, undefined);
  assert.match(stdout, /^mm\n.*(Read-only|Permission)/);
});

test("setMount changes a mount in place, and its propagation", { skip }, async () => {
  await using directory = await temporaryDirectory();
  const rootfs = await makeRootfs(directory.path);
  const { stdout } = await runBox(
    rootfs,
    "grep -E '^[^/]*/[^ ]* /(tmp)? ' /proc/self/mountinfo | cut -d' ' -f5-7",
    {
      mounts: [
        { op: "mountFs", root, target: "/tmp", type: "tmpfs" },
        { op: "setMount", root, target: "/tmp", set: BigInt(NOEXEC), propagation: propagationFlags.SHARED },
      ],
      root: [{ op: "setMount", root, target: "/", set: BigInt(RDONLY) }],
    },
  );
  assert.match(stdout, /^\/ ro,relatime -\n\/tmp rw,noexec,relatime shared:\d+\n$/);
});

test("flags that a user namespace locked are kept instead of failing", { skip }, async () => {
  await using directory = await temporaryDirectory();
  const rootfs = await makeRootfs(directory.path);
  const { NEWPID, NEWNS } = cloneFlags;
  const { stdout, failure } = await runBoxWithoutNodes(
    rootfs,
    "grep ' /usr ' /proc/self/mountinfo | cut -d' ' -f6",
    {
      host: [{ op: "userNamespace", uidMap: "0 0 65536", gidMap: "0 0 65536", out: slot(3) }],
      stage: [
        { op: "join", namespaces: [slot(3)] },
        { op: "spawn", flags: NEWPID | NEWNS },
      ],
      mounts: [{ op: "setMount", root, target: "/usr", set: BigInt(NOSUID), clear: BigInt(RDONLY) }],
    },
  );
  assert.equal(failure, undefined);
  assert.match(stdout, /^r[ow],nosuid/);
});

test("overlay stacks lower directories, topmost first, and writes to the upper one", { skip }, async () => {
  await using directory = await temporaryDirectory();
  const layers = Array.from({ length: 40 }, (_, index) =>
    inside(directory, `layer-${index}-${"x".repeat(30)}`),
  );
  for (const [index, layer] of layers.entries()) {
    mkdirSync(layer);
    writeFileSync(`${layer}/name`, String(index));
    writeFileSync(`${layer}/only-${index}`, "");
  }
  const rootfs = await makeRootfs(directory.path);
  for (const name of ["upper", "work"]) mkdirSync(inside(directory, name));
  const overlay: TestOp = {
    op: "overlay",
    lowers: layers,
    upper: inside(directory, "upper"),
    work: inside(directory, "work"),
    options: ["metacopy=off"],
    out: slot(3),
  };
  const { stdout, failure } = await runBox(
    rootfs,
    "cat /o/name; ls /o | wc -l; echo new > /o/name; rm /o/only-3",
    { host: [overlay], mounts: [attach("/o")] },
  );
  assert.equal(failure, undefined);
  assert.equal(stdout, "041\n");
  assert.equal(readFileSync(inside(directory, "upper/name"), "utf8"), "new\n");
  assert.ok(lstatSync(inside(directory, "upper/only-3")).isCharacterDevice());
  const readOnly = await runBox(rootfs, "touch /o/x 2>&1", {
    host: [{ ...overlay, upper: "", work: "" } as TestOp],
    mounts: [attach("/o")],
  });
  assert.match(readOnly.stdout, /Read-only/);
  const failure2 = await failureOf({
    host: [{ ...overlay, lowers: [inside(directory, "missing")] } as TestOp],
  });
  assert.equal(failure2.errno, ENOENT);
});

test("overlay takes 500 layers, and names longer than fsconfig does", { skip }, async () => {
  await using directory = await temporaryDirectory();
  const rootfs = await makeRootfs(directory.path);
  let long = directory.path;
  while (long.length < 300) {
    long += `/${"y".repeat(60)}`;
    mkdirSync(long);
  }
  const layers = Array.from({ length: 500 }, (_, index) => `${long}/${index}`);
  for (const [index, layer] of layers.entries()) {
    mkdirSync(layer);
    writeFileSync(`${layer}/f${index}`, "");
  }
  const { stdout, failure } = await runBox(rootfs, "ls /o | wc -l", {
    host: [{ op: "overlay", lowers: layers, out: slot(3) }],
    mounts: [attach("/o")],
  });
  assert.equal(failure, undefined);
  assert.equal(stdout, "500\n");
});

test("an id-mapped mount shows other owners", { skip }, async () => {
  await using directory = await temporaryDirectory();
  const rootfs = await makeRootfs(directory.path);
  mkdirSync(inside(directory, "source"));
  writeFileSync(inside(directory, "source/file"), "");
  const { stdout, failure } = await runBox(rootfs, "stat -c '%u %g' /tmp/file", {
    host: [
      { op: "userNamespace", uidMap: "0 1000 1", gidMap: "0 2000 1", out: slot(3) },
      { op: "cloneMount", path: inside(directory, "source"), flags: cloneMountFlags.RECURSIVE, out: slot(4) },
      { op: "changeMount", mount: slot(4), recursive: 1, userNamespace: slot(3) },
    ],
    mounts: [attach("/tmp", 4)],
  });
  assert.equal(failure, undefined);
  assert.equal(stdout, "1000 2000\n");
});

test("the root's mounts do not propagate to the host even from a shared place", { skip }, async () => {
  await using directory = await temporaryDirectory();
  const rootfs = await makeRootfs(directory.path);
  const { failure } = await runBox(rootfs, "mkdir /tmp/x && mount -t tmpfs none /tmp/x", {
    enter: [{ op: "propagation", propagation: propagationFlags.SHARED }],
  });
  assert.equal(failure, undefined);
  assert.deepEqual(mountsBelow(directory.path), []);
});

test("opening what is not there is the failing call", { skip }, async () => {
  const { failure } = await run({
    host: [{ op: "openFile", path: "/none", flags: openFlags.RDONLY, out: slot(0) }],
  });
  assert.deepEqual([failure?.call, failure?.errno], ["open", ENOENT]);
});

/** A box in a user namespace: device nodes cannot be made there. */
async function runBoxWithoutNodes(rootfs: string, script: string, parts: Parameters<typeof runBox>[2]) {
  return await runBox(rootfs, script, { ...parts, nodes: false });
}
