import assert from "node:assert/strict";
import { mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { constants } from "node:os";
import { test } from "node:test";
import { requireRoot } from "../environment/requirements.ts";
import { temporaryDirectory } from "../environment/temporary.ts";
import { type BoxParts, makeRootfs, runBox } from "./box.ts";
import type { TestOp } from "./driver.ts";

const skip = requireRoot();
const { ENOENT, EACCES, EISDIR, EINVAL, ENOEXEC, ENAMETOOLONG, EPERM } = constants.errno;
const RLIMIT_CORE = 4;
const RLIMIT_NOFILE = 7;
const CAP_KILL = 1n << 5n;
const CAP_NET_RAW = 1n << 13n;

/** Runs a script in a fresh box. */
async function inBox(script: string, parts: BoxParts) {
  await using directory = await temporaryDirectory();
  return await runBox(await makeRootfs(directory.path), script, parts);
}

test("ids, groups and umask are the ones of the plan", { skip }, async () => {
  const { stdout, failure } = await inBox("id -u; id -g; id -G; umask", {
    identity: [
      { op: "umask", mask: 0o27 },
      { op: "idSwitch", uid: 1000, gid: 1001, groups: [5, 6] },
    ],
  });
  assert.equal(failure, undefined);
  assert.equal(stdout, "1000\n1001\n1001 5 6\n0027\n");
  const none = await inBox("id -G", { identity: [{ op: "idSwitch", uid: 1000, gid: 1001 }] });
  assert.equal(none.stdout, "1001\n");
});

test("the standard streams belong to the user, the host's null device does not", { skip }, async () => {
  const script = `stat -L -c '%u %t:%T' /proc/self/fd/0 /proc/self/fd/1
    [ $(stat -L -c %d /proc/self/fd/0) = $(stat -c %d /dev/null) ] && echo own`;
  const { stdout } = await inBox(script, { identity: [{ op: "idSwitch", uid: 1000, gid: 1000 }] });
  assert.equal(stdout, "0 1:3\n1000 0:0\nown\n");
});

test("capability sets are the ones of the plan, ambient ones included", { skip }, async () => {
  const mask = CAP_KILL | CAP_NET_RAW;
  const { stdout, failure } = await inBox("grep Cap /proc/self/status", {
    identity: [
      { op: "boundingSet", mask },
      { op: "idSwitch", uid: 1000, gid: 1000 },
      { op: "capabilities", effective: CAP_KILL, permitted: mask, inheritable: CAP_KILL, ambient: CAP_KILL },
    ],
  });
  assert.equal(failure, undefined);
  assert.deepEqual(
    stdout
      .trim()
      .split("\n")
      .map((line) => [line.slice(0, 6), Number.parseInt(line.split("\t")[1] ?? "", 16)]),
    [
      ["CapInh", 32],
      ["CapPrm", 32],
      ["CapEff", 32],
      ["CapBnd", 8224],
      ["CapAmb", 32],
    ],
  );
});

test("no capability is left to a user that was given none", { skip }, async () => {
  const { stdout } = await inBox(
    "grep -E 'Cap(Prm|Eff|Amb)' /proc/self/status; grep NoNewPrivs /proc/self/status",
    {
      identity: [
        { op: "noNewPrivileges" },
        { op: "idSwitch", uid: 1000, gid: 1000 },
        { op: "capabilities", effective: 0n, permitted: 0n, inheritable: 0n, ambient: 0n },
      ],
    },
  );
  assert.match(stdout, /^(Cap...:\t0{16}\n){3}NoNewPrivs:\t1\n$/);
});

test("limits are set, and a tiny number of descriptors does not stop the helper", { skip }, async () => {
  const { stdout, failure } = await inBox("ulimit -c; ulimit -Hc; ulimit -n; ulimit -Hn", {
    enter: [
      { op: "rlimit", resource: RLIMIT_CORE, soft: 512n, hard: 1024n },
      { op: "rlimit", resource: RLIMIT_NOFILE, soft: 5n, hard: 6n },
    ],
  });
  assert.equal(failure, undefined);
  assert.equal(stdout, "1\n2\n5\n6\n");
  const { failure: wrong } = await inBox("true", {
    enter: [{ op: "rlimit", resource: RLIMIT_CORE, soft: 2n, hard: 1n }],
  });
  assert.deepEqual([wrong?.errno, wrong?.call], [EINVAL, "prlimit"]);
});

test("names, scores, priorities, personality and session are set", { skip }, async () => {
  const script =
    "hostname; cat /proc/sys/kernel/domainname /proc/self/oom_score_adj /proc/self/personality; ionice; cut -d' ' -f5,6 /proc/self/stat; uname -m";
  const { stdout, failure } = await inBox(script, {
    enter: [
      { op: "hostName", name: "the-host" },
      { op: "domainName", name: "the-domain" },
      { op: "oomScore", value: "321" },
      { op: "ioPriority", value: (2 << 13) | 3 },
    ],
    identity: [{ op: "personality", persona: 8 }],
  });
  assert.equal(failure, undefined);
  assert.deepEqual(stdout.trim().split("\n").slice(0, 6), [
    "the-host",
    "the-domain",
    "321",
    "00000008",
    "best-effort: prio 3",
    "1 1",
  ]);
});

test("a session keyring of its own has the name", { skip }, async () => {
  const { stdout, failure } = await inBox("grep -c '_ses\\|the-ring' /proc/keys; grep the-ring /proc/keys", {
    identity: [{ op: "keyring", name: "the-ring" }],
  });
  assert.equal(failure, undefined);
  assert.match(stdout, /3f1b0000 .* keyring +the-ring/);
});

test("a label goes to the kernel's file for it; without that module there is none", { skip }, async () => {
  const { failure } = await inBox("true", {
    identity: [{ op: "execLabel", module: "apparmor", label: "exec tug-test-none" }],
  });
  assert.ok(failure !== undefined && [EINVAL, ENOENT, EACCES, EPERM].includes(failure.errno));
  assert.match(failure.path, /^self\/attr\/(apparmor\/)?exec$/);
});

test("a filter refuses what it forbids, and the helper gets by with little", { skip }, async () => {
  const { stdout, failure } = await inBox("mkdir /tmp/x 2>&1; echo rest", {
    identity: [{ op: "noNewPrivileges" }, { op: "seccomp", filter: refuseMkdir() }],
  });
  assert.equal(failure, undefined);
  assert.match(stdout, /Operation not permitted\nrest\n$/);
  const { failure: odd } = await inBox("true", { identity: [{ op: "seccomp", filter: new Uint8Array(7) }] });
  assert.equal(odd?.errno, EINVAL);
});

test("the working directory is entered as the user and never outside the root", { skip }, async () => {
  await using directory = await temporaryDirectory();
  const rootfs = await makeRootfs(directory.path);
  mkdirSync(`${rootfs}/home`);
  mkdirSync(`${rootfs}/private`, { mode: 0o700 });
  symlinkSync("../../../home", `${rootfs}/link`);
  const go = (path: string, more: TestOp[] = []) =>
    runBox(rootfs, "pwd -P", { identity: [...more, { op: "workDirectory", path }] });
  assert.equal((await go("/home")).stdout, "/home\n");
  assert.equal((await go("/link")).stdout, "/home\n");
  assert.equal((await go("/none")).failure?.errno, ENOENT);
  for (let fd = 3; fd < 12; fd++) {
    const { failure, stdout } = await go(`/proc/self/fd/${fd}`);
    assert.ok(failure !== undefined, stdout);
  }
  const user: TestOp[] = [
    { op: "workDirectory", path: "/private", optional: 1 },
    { op: "idSwitch", uid: 1000, gid: 1000 },
    { op: "capabilities", effective: 0n, permitted: 0n, inheritable: 0n, ambient: 0n },
  ];
  assert.equal((await go("/private", user)).stdout, "/private\n");
  assert.equal((await go("/private", user.slice(1))).failure?.errno, EACCES);
  assert.equal((await go("/home", [{ op: "workDirectory", path: "/none", optional: 1 }])).stdout, "/home\n");
});

test("findProgram tells a missing program from one that may not be executed", { skip }, async () => {
  await using directory = await temporaryDirectory();
  const rootfs = await makeRootfs(directory.path);
  writeFileSync(`${rootfs}/tmp/plain`, "x");
  const find = async (program: string, path = "/none:/bin:/tmp") =>
    (await runBox(rootfs, "true", { identity: [{ op: "findProgram", program, path }] })).failure?.errno;
  assert.equal(await find("cat"), undefined);
  assert.equal(await find("/bin/cat"), undefined);
  assert.equal(await find("none"), ENOENT);
  assert.equal(await find("/none"), ENOENT);
  assert.equal(await find("cat", ""), ENOENT);
  assert.equal(await find("", "/bin"), ENOENT);
  assert.equal(await find("plain"), ENOENT);
  assert.equal(await find("/tmp/plain"), EACCES);
  assert.equal(await find("/tmp"), EISDIR);
  assert.equal(await find(`/${"x".repeat(5000)}`), ENAMETOOLONG);
});

test("a failing exec is reported with the file and its errno", { skip }, async () => {
  await using directory = await temporaryDirectory();
  const rootfs = await makeRootfs(directory.path);
  writeFileSync(`${rootfs}/tmp/odd`, "no program", { mode: 0o755 });
  writeFileSync(`${rootfs}/tmp/script`, "#!/none\n", { mode: 0o755 });
  const exec = async (program: string) => {
    const { failure } = await runBox(rootfs, "", {
      exec: { op: "exec", args: [program], env: ["PATH=/none:/tmp"] },
    });
    return [failure?.list, failure?.errno, failure?.path];
  };
  assert.deepEqual(await exec("/tmp/odd"), ["init", ENOEXEC, "/tmp/odd"]);
  assert.deepEqual(await exec("odd"), ["init", ENOEXEC, "/tmp/odd"]);
  assert.deepEqual(await exec("script"), ["init", ENOENT, "script"]);
  assert.deepEqual(await exec("none"), ["init", ENOENT, "none"]);
});

/** A filter for this architecture that answers mkdir and mkdirat with EPERM and kills for close_range. */
function refuseMkdir(): Uint8Array {
  const x64 = process.arch === "x64";
  const [mkdir, mkdirat, closeRange] = x64 ? [83, 258, 436] : [34, 34, 436];
  const instructions: [number, number, number, number][] = [
    [0x20, 0, 0, 0],
    [0x15, 3, 0, mkdir],
    [0x15, 2, 0, mkdirat],
    [0x15, 2, 0, closeRange],
    [0x06, 0, 0, 0x7fff0000],
    [0x06, 0, 0, 0x00050001],
    [0x06, 0, 0, 0x80000000],
  ];
  const bytes = Buffer.alloc(instructions.length * 8);
  for (const [index, [code, yes, no, value]] of instructions.entries()) {
    bytes.writeUInt16LE(code, index * 8);
    bytes.writeUInt8(yes, index * 8 + 2);
    bytes.writeUInt8(no, index * 8 + 3);
    bytes.writeUInt32LE(value, index * 8 + 4);
  }
  return bytes;
}
