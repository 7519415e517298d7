import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { chmodSync, chownSync, mkdirSync } from "node:fs";
import { hostname } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { probeReport } from "../environment/index.ts";
import {
  type ConfigOptions,
  call,
  container,
  differs,
  plainNamespaces,
  probe,
  reportOf,
  skip,
  succeeded,
} from "./harness/index.ts";

test("the program gets its arguments and exactly its environment", { skip }, async () => {
  const env = ["PATH=/bin", "HOME=/x", "EMPTY=", "TWO=a b", "EQUALS=x=y", "BYTES=\u00e4\n"];
  const args = ["/bin/probe", "report", ",", "print", "out", "-x --y 'quoted' \\ \n line"];
  const report = await reportOf({ args, process: { env } });
  assert.deepEqual(report.arguments, args);
  assert.deepEqual([...report.environment].sort(), [...env].sort());
});

test("of several variables of one name the program gets the last", {
  skip: skip || differs({ crun: "passes all" }),
}, async () => {
  const env = ["PATH=/nowhere", "TWICE=one", "PATH=/bin", "OTHER=x", "TWICE=two=2", "HOME=/"];
  const report = await reportOf({ args: ["probe"], process: { env } });
  assert.deepEqual([...report.environment].sort(), ["HOME=/", "OTHER=x", "PATH=/bin", "TWICE=two=2"]);
});

test("HOME is added where it is missing: from the root's passwd, else /", {
  skip: skip || differs({ crun: "leaves an empty one" }),
}, async () => {
  for (const [uid, home, env] of [
    [0, "/", []],
    [1000, "/home/user", []],
    [1000, "/home/user", ["HOME="]],
    [4242, "/", []],
    [1000, "/mine", ["HOME=/mine"]],
  ] as const) {
    const process = { user: { uid, gid: 0 }, env };
    assert.deepEqual((await reportOf({ args: ["/bin/probe"], process })).environment, [`HOME=${home}`]);
  }
});

test("a passwd that is none, or no file at all, is no reason not to run", {
  skip: skip || differs({ runc: "waits for a FIFO in its place", crun: "waits for a FIFO in its place" }),
}, async () => {
  for (const script of [
    "rm passwd",
    "rm passwd; mkfifo passwd",
    "echo :::: > passwd",
    "rm passwd; ln -s passwd passwd",
  ]) {
    await using made = await container({ args: ["sh", "-c", "echo $HOME"] });
    execFileSync("sh", ["-c", script], { cwd: join(made.rootfs, "etc") });
    assert.equal(succeeded(await made.run()).stdout, "/\n", script);
  }
});

test("the exit code is the program's, 128 and the signal where one killed it", { skip }, async () => {
  for (const [args, code] of [
    [["probe", "exit", "0"], 0],
    [["probe", "exit", "7"], 7],
    [["probe", "exit", "255"], 255],
    [["sh", "-c", "kill -TERM 0; sleep 5"], 143],
  ] as const) {
    await using made = await container({ args, linux: { namespaces: [{ type: "mount" }] } });
    assert.equal((await made.run()).code, code);
    made.assertNothingLeft();
  }
});

test("standard input reaches the program, its output and errors come apart", { skip }, async () => {
  await using made = await container({ args: ["sh", "-c", "cat; echo to the other >&2"] });
  const { stdout, stderr } = succeeded(await made.run([], { stdin: join(made.bundle, "config.json") }));
  assert.match(stdout, /"ociVersion"/);
  assert.equal(stderr, "to the other\n");
});

test("user, group and further groups are those of the configuration", { skip }, async () => {
  const user = { uid: 1000, gid: 100, additionalGids: [5, 50, 4242] };
  const report = await reportOf({ process: { user } });
  assert.deepEqual(report.uid, [1000, 1000, 1000]);
  assert.deepEqual(report.gid, [100, 100, 100]);
  assert.deepEqual([...report.groups].sort(), [4242, 5, 50]);
});

test("root has none of the caller's groups", { skip }, async () => {
  const report = await reportOf({});
  assert.deepEqual(report.uid, [0, 0, 0]);
  assert.deepEqual(
    report.groups.filter((group) => group !== 0),
    [],
  );
});

test("an annotation keeps the caller's groups, as podman's keep-groups does", {
  skip: skip || differs({ runc: "has no such annotation" }),
}, async () => {
  const annotations = { "run.oci.keep_original_groups": "1" };
  await using made = await container({ top: { annotations } });
  const within = ["setpriv", "--groups", "5,4242", "--"];
  const { groups } = probeReport(succeeded(await made.run([], { within })).stdout);
  assert.deepEqual([...groups].sort(), [4242, 5]);
});

test("the umask is 022 unless the configuration says otherwise", { skip }, async () => {
  assert.equal((await reportOf({})).umask, 0o022);
  assert.equal((await reportOf({ process: { user: { uid: 0, gid: 0, umask: 0o77 } } })).umask, 0o077);
  const [, stat] = await probe(["create", "/tmp/x", "", ",", "stat", "/tmp/x"], {
    process: { user: { uid: 0, gid: 0, umask: 0 } },
  });
  assert.equal(stat?.mode, 0o666);
});

test("the working directory is entered, and made where it is missing", { skip }, async () => {
  assert.equal((await reportOf({ process: { cwd: "/tmp" } })).cwd, "/tmp");
  await using made = await container({ process: { cwd: "/srv/deep/er" }, args: ["pwd"] });
  assert.equal(succeeded(await made.run()).stdout, "/srv/deep/er\n");
});

test("a working directory that only the user may enter is entered (rule: directory-as-user)", {
  skip,
}, async () => {
  const user = { uid: 1000, gid: 1000 };
  await using made = await container({ process: { user, cwd: "/private", capabilities: {} } });
  mkdirSync(join(made.rootfs, "private"), { mode: 0o700 });
  chownSync(join(made.rootfs, "private"), 1000, 1000);
  assert.match(succeeded(await made.run()).stdout, /"cwd":"\/private"/);
});

test("a working directory that only root may enter is entered for any user, as in runc", {
  skip,
}, async () => {
  const user = { uid: 1000, gid: 1000 };
  await using made = await container({
    process: { user, cwd: "/root", capabilities: {} },
  });
  mkdirSync(join(made.rootfs, "root"), { mode: 0o700 });
  assert.match(succeeded(await made.run()).stdout, /"cwd":"\/root"/);
});

test("a working directory that nobody in the container may enter is refused, and nothing stays", {
  skip,
}, async () => {
  const mappings = [{ containerID: 0, hostID: 200_000, size: 65_536 }];
  await using made = await container({
    process: { cwd: "/private" },
    linux: {
      namespaces: [...plainNamespaces, { type: "user" }],
      uidMappings: mappings,
      gidMappings: mappings,
    },
  });
  mkdirSync(join(made.rootfs, "private"), { mode: 0o700 });
  chmodSync(made.directory, 0o755);
  const { code, stdout, stderr } = await made.run();
  assert.notEqual(code, 0);
  assert.equal(stdout, "");
  assert.match(stderr, /\/private.*permission denied/i);
  made.assertNothingLeft();
});

test("a working directory that is a file is refused", { skip }, async () => {
  await using made = await container({ process: { cwd: "/etc/passwd" } });
  const { code, stderr } = await made.run();
  assert.notEqual(code, 0);
  assert.match(stderr, /\/etc\/passwd.*not a directory/i);
  made.assertNothingLeft();
});

test("resource limits are set, those that the helper itself needs too", { skip }, async () => {
  const rlimits = [
    { type: "RLIMIT_NOFILE", soft: 20n, hard: 30n },
    { type: "RLIMIT_CORE", soft: 0n, hard: 1024n },
    { type: "RLIMIT_FSIZE", soft: 1048576n, hard: 2097152n },
    { type: "RLIMIT_NPROC", soft: 100n, hard: 100n },
    { type: "RLIMIT_STACK", soft: 4194304n, hard: 0xffff_ffff_ffff_ffffn },
  ] as const;
  const report = await reportOf({ process: { rlimits } });
  assert.deepEqual(report.rlimits.RLIMIT_NOFILE, [20, 30]);
  assert.deepEqual(report.rlimits.RLIMIT_CORE, [0, 1024]);
  assert.deepEqual(report.rlimits.RLIMIT_FSIZE, [1048576, 2097152]);
  assert.deepEqual(report.rlimits.RLIMIT_NPROC, [100, 100]);
  assert.deepEqual(report.rlimits.RLIMIT_STACK, [4194304, "unlimited"]);
});

test("limits are set for a user without privileges", { skip }, async () => {
  const report = await reportOf({
    process: {
      user: { uid: 1000, gid: 1000 },
      capabilities: {},
      rlimits: [{ type: "RLIMIT_NOFILE", soft: 64n, hard: 64n }],
    },
  });
  assert.deepEqual(report.rlimits.RLIMIT_NOFILE, [64, 64]);
});

test("the OOM score is that of the configuration", { skip }, async () => {
  assert.deepEqual((await reportOf({ process: { oomScoreAdj: 321 } })).oomScoreAdj, ["321"]);
});

test("the I/O priority is that of the configuration", {
  skip: skip || differs({ runc: "1.1 has no ioPriority" }),
}, async () => {
  const words = call("ioprio_get", 1, 0);
  const [line] = await probe(words, { process: { ioPriority: { class: "IOPRIO_CLASS_BE", priority: 6 } } });
  assert.equal(line?.returned, (2 << 13) | 6);
  const idle = { process: { ioPriority: { class: "IOPRIO_CLASS_IDLE" } } } as ConfigOptions;
  assert.equal((await probe(words, idle))[0]?.returned, 3 << 13);
});

test("the execution domain is that of the configuration", {
  skip: skip || differs({ runc: "1.1 has no personality" }),
}, async () => {
  const words = call("personality", 0xffffffff);
  const [plain] = await probe(words);
  const [legacy] = await probe(words, { linux: { personality: { domain: "LINUX32" } } });
  assert.deepEqual([plain?.returned, legacy?.returned], [0, 8]);
});

test("no signal is blocked or ignored, and the program is not dumpable by accident", { skip }, async () => {
  const report = await reportOf({});
  assert.equal(report.blockedSignals, "0000000000000000");
  assert.equal(report.ignoredSignals, "0000000000000000");
  assert.equal(report.dumpable, 1);
});

test("the program leads a session and a process group of its own", { skip }, async () => {
  const { pid, pgid, sid } = await reportOf({ args: ["/bin/probe"] });
  assert.deepEqual([pgid, sid], [pid, pid]);
});

test("host name and domain name are the container's alone", {
  skip: skip || differs({ runc: "1.1 has no domainname" }),
}, async () => {
  const report = await reportOf({ top: { hostname: "inside", domainname: "example.test" } });
  assert.deepEqual([report.hostname, report.domainname], ["inside", "example.test"]);
  assert.notEqual(hostname(), "inside");
});

test("a program without a file mode to execute it for its user is refused", { skip }, async () => {
  await using made = await container({ process: { user: { uid: 1000, gid: 1000 }, capabilities: {} } });
  chmodSync(join(made.rootfs, "bin/probe"), 0o744);
  const { code, stderr } = await made.run();
  assert.notEqual(code, 0);
  assert.match(stderr, /probe/);
  made.assertNothingLeft();
});
