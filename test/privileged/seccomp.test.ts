import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { release } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { defaultCapabilities, defaultSeccomp } from "../../src/runtime/index.ts";
import type { LinuxSeccomp } from "../../src/specs/oci-runtime/index.ts";
import { probeLines } from "../environment/index.ts";
import {
  type ConfigOptions,
  call,
  container,
  differs,
  probe,
  reportOf,
  skip,
  succeeded,
  verbs,
} from "./harness/index.ts";

/** Lets all pass but some calls. */
function refusing(...rules: NonNullable<LinuxSeccomp["syscalls"]>): LinuxSeccomp {
  return { defaultAction: "SCMP_ACT_ALLOW", syscalls: rules };
}

const users = [
  ["root", { uid: 0, gid: 0 }],
  ["another user", { uid: 1000, gid: 1000 }],
] as const;

for (const noNewPrivileges of [true, false]) {
  for (const [name, user] of users) {
    test(`a call is refused with an errno: ${name}, ${noNewPrivileges ? "with" : "without"} no_new_privs (rule: filter-permitted)`, {
      skip,
    }, async () => {
      const seccomp = refusing(
        { names: ["mkdir", "mkdirat"], action: "SCMP_ACT_ERRNO", errnoRet: 95 },
        { names: ["getpriority"], action: "SCMP_ACT_ERRNO" },
      );
      const words = verbs(["mkdir", "/tmp/x"], call("getpriority", 0, 0), ["stat", "/tmp"]);
      const lines = await probe(words, { linux: { seccomp }, process: { user, noNewPrivileges } });
      assert.deepEqual(
        lines.map(({ errno }) => errno),
        ["EOPNOTSUPP", "EPERM", null],
      );
    });
  }
}

test("what a profile does not know, or no program needs, it may kill", { skip }, async () => {
  const names = [
    ...["close_range", "clone3", "execveat", "faccessat2", "fsopen", "getcwd", "mount_setattr"],
    ...["open_tree", "openat2", "pidfd_open", "pidfd_send_signal", "statx"],
  ];
  const seccomp = refusing({ names, action: "SCMP_ACT_KILL_PROCESS" });
  const rlimits = [{ type: "RLIMIT_NOFILE", soft: 20n, hard: 20n }] as const;
  for (const noNewPrivileges of [true, false]) {
    for (const [name, user] of users) {
      const process = { user, noNewPrivileges, rlimits, cwd: "/tmp" };
      const [line] = await probe(["stat", "file"], {
        linux: { seccomp },
        process,
        mounts: [{ destination: "/tmp", type: "tmpfs" }],
      });
      assert.equal(line?.errno, "ENOENT", name);
    }
  }
});

test("a name that no machine has is skipped, or with crun's annotation an error with its name", {
  skip: skip || differs({ runc: "has no such annotation" }),
}, async () => {
  const seccomp = refusing({ names: ["nosuchcall"], action: "SCMP_ACT_ERRNO" });
  await reportOf({ linux: { seccomp } });
  const annotations = { "run.oci.seccomp_fail_unknown_syscall": "1" };
  await using made = await container({ linux: { seccomp }, top: { annotations } });
  const { code, stderr } = await made.run();
  assert.notEqual(code, 0);
  assert.match(stderr, /nosuchcall|unknown/);
  made.assertNothingLeft();
});

test("the program knows that it is filtered", { skip }, async () => {
  const seccomp = refusing({ names: ["getpriority"], action: "SCMP_ACT_ERRNO" });
  assert.equal((await reportOf({ linux: { seccomp } })).seccomp, 2);
  assert.equal((await reportOf({})).seccomp, 0);
});

test("a call kills: the thread's or the process's end is the container's", { skip }, async () => {
  for (const action of ["SCMP_ACT_KILL_PROCESS", "SCMP_ACT_KILL"] as const) {
    await using made = await container({
      linux: { seccomp: refusing({ names: ["mkdir", "mkdirat"], action }) },
      args: ["probe", "mkdir", "/tmp/x"],
    });
    const { code, stdout } = await made.run();
    assert.equal(code, 128 + 31, action);
    assert.equal(stdout, "");
  }
});

test("a call traps: the program gets SIGSYS", { skip }, async () => {
  await using made = await container({
    linux: { seccomp: refusing({ names: ["mkdir", "mkdirat"], action: "SCMP_ACT_TRAP" }) },
    args: ["probe", "mkdir", "/tmp/x"],
    process: { noNewPrivileges: true },
  });
  assert.equal((await made.run()).code, 128 + 31);
});

test("a default that refuses, and a list that allows", { skip }, async () => {
  const profile = defaultProfile();
  const seccomp = {
    ...profile,
    defaultErrnoRet: 38,
    syscalls: profile.syscalls?.map((rule) => ({
      ...rule,
      names: rule.names.filter((name) => name !== "getpriority"),
    })),
  } as LinuxSeccomp;
  const [line] = await probe(call("getpriority", 0, 0), { linux: { seccomp } });
  assert.equal(line?.errno, "ENOSYS");
});

test("arguments decide", { skip }, async () => {
  const rule = (
    op: "SCMP_CMP_EQ" | "SCMP_CMP_GT" | "SCMP_CMP_MASKED_EQ",
    value: bigint,
    valueTwo?: bigint,
  ) => ({
    names: ["getpriority"],
    action: "SCMP_ACT_ERRNO" as const,
    errnoRet: 42,
    args: [{ index: 1, op, value, ...(valueTwo !== undefined && { valueTwo }) }],
  });
  for (const [seccomp, refused] of [
    [refusing(rule("SCMP_CMP_EQ", 5n)), [5]],
    [refusing(rule("SCMP_CMP_GT", 5n)), [6, 7]],
    [refusing(rule("SCMP_CMP_MASKED_EQ", 1n, 1n)), [5, 7]],
  ] as const) {
    const words = verbs(...[4, 5, 6, 7].map((pid) => call("getpriority", 0, pid)));
    const lines = await probe(words, { linux: { seccomp } });
    const found = [4, 5, 6, 7].filter((_, index) => lines[index]?.errno === "ENOMSG");
    assert.deepEqual(found, refused);
  }
});

/** Docker's profile for a container with Docker's capabilities. */
function defaultProfile(capabilities: readonly string[] = defaultCapabilities): LinuxSeccomp {
  const [major = 0, minor = 0] = release().split(/[.-]/).map(Number);
  const machine = process.arch === "x64" ? "x86_64" : "aarch64";
  return defaultSeccomp({ capabilities, machine, kernel: [major, minor] });
}

/** Flags of clone(2). */
const NEWUSER = 0x10000000;
const AF_UNIX = 1;
const AF_VSOCK = 40;
const STREAM = 1;

test("Docker's profile blocks what it blocks at Docker", { skip }, async () => {
  const blocked = [
    ...[
      "add_key",
      "keyctl",
      "request_key",
      "init_module",
      "finit_module",
      "delete_module",
      "kexec_load",
      "reboot",
    ],
    ...[
      "swapon",
      "swapoff",
      "mount",
      "umount2",
      "pivot_root",
      "bpf",
      "perf_event_open",
      "userfaultfd",
      "setns",
    ],
    ...[
      "open_by_handle_at",
      "quotactl",
      "settimeofday",
      "acct",
      "move_pages",
      "open_tree",
      "fsopen",
      "io_uring_setup",
    ],
  ];
  const lines = await probe(
    verbs(
      ...blocked.map((name) => call(name, -1, -1, -1, -1, -1)),
      call("unshare", NEWUSER),
      call("clone", NEWUSER, 0, 0, 0, 0),
      call("socket", AF_VSOCK, STREAM, 0),
      call("personality", 0x40000),
    ),
    { linux: { seccomp: defaultProfile() } },
  );
  for (const [index, name] of blocked.entries()) assert.equal(lines[index]?.errno, "EPERM", name);
  for (const line of lines.slice(blocked.length)) assert.equal(line.errno, "EPERM", JSON.stringify(line));
  const [clone3] = await probe(call("clone3", 0, 0), { linux: { seccomp: defaultProfile() } });
  assert.equal(clone3?.errno, "ENOSYS");
});

test("Docker's profile lets pass what it lets pass at Docker", { skip }, async () => {
  const lines = await probe(
    verbs(
      call("socket", AF_UNIX, STREAM, 0),
      call("personality", 0xffffffff),
      call("personality", 8),
      call("getpriority", 0, 0),
      ["mkdir", "/tmp/x"],
      ["chown", "/tmp/x", "1", "1"],
      ["mknod", "/tmp/null", "c", "1", "3"],
      ["fork", "1"],
    ),
    { linux: { seccomp: defaultProfile() } },
  );
  for (const line of lines) assert.equal(line.errno, null, JSON.stringify(line));
});

test("Docker's profile opens calls with the capability that they need", { skip }, async () => {
  const words = verbs(call("mount", 0, 0, 0, 0, 0), call("unshare", 0x08000000), call("bpf", -1, 0, 0));
  const names = [...defaultCapabilities, "CAP_SYS_ADMIN"];
  const process = { capabilities: { bounding: names, permitted: names, effective: names } };
  const lines = await probe(words, { linux: { seccomp: defaultProfile(names) }, process });
  assert.deepEqual(
    lines.map(({ errno }) => errno),
    ["EFAULT", null, "EINVAL"],
  );
});

/** A filter that kills whoever makes a call of the set-up. */
const noSetUp = refusing({
  names: [
    ...[
      "mount",
      "umount2",
      "pivot_root",
      "move_mount",
      "open_tree",
      "fsopen",
      "fsmount",
      "fsconfig",
      "mount_setattr",
    ],
    ...[
      "setresuid",
      "setresgid",
      "setgroups",
      "setuid",
      "setgid",
      "prctl",
      "capset",
      "mknodat",
      "symlinkat",
      "mkdirat",
    ],
    ...["sethostname", "setsid", "umask", "keyctl", "unshare", "setns", "clone3", "socket", "sendmsg"],
  ],
  action: "SCMP_ACT_KILL_PROCESS",
});

test("with no_new_privs none of the set-up runs under the filter (rule: filter-last)", {
  skip,
}, async () => {
  await using made = await container({
    linux: { seccomp: noSetUp },
    process: { noNewPrivileges: true, user: { uid: 1000, gid: 1000 } },
    top: { hostname: "x" },
    args: ["/bin/probe", "exit", "0"],
  });
  succeeded(await made.run());
});

test("a hook of kind startContainer runs under the filter (rule: filter-before-hooks)", {
  skip,
}, async () => {
  const hooks = { startContainer: [{ path: "/bin/probe", args: ["probe", "mkdir", "/tmp/of-the-hook"] }] };
  for (const noNewPrivileges of [true, false]) {
    const options: ConfigOptions = {
      linux: { seccomp: refusing({ names: ["mkdir", "mkdirat"], action: "SCMP_ACT_ERRNO", errnoRet: 95 }) },
      process: { noNewPrivileges },
      top: { hooks },
      args: ["probe", "list", "/tmp"],
    };
    await using made = await container(options);
    assert.deepEqual(probeLines(succeeded(await made.run()).stdout).at(-1)?.names, []);
  }
});

test("a profile that is no profile is refused with its place, and nothing stays", { skip }, async () => {
  for (const wrong of [
    { defaultAction: "SCMP_ACT_NONSENSE" },
    { defaultAction: "SCMP_ACT_ALLOW", architectures: ["SCMP_ARCH_NONSENSE"] },
    { defaultAction: "SCMP_ACT_ALLOW", syscalls: [{ names: ["read"], action: "nonsense" }] },
  ]) {
    await using made = await container();
    const config = JSON.parse(readFileSync(join(made.bundle, "config.json"), "utf8"));
    config.linux.seccomp = wrong;
    writeFileSync(join(made.bundle, "config.json"), JSON.stringify(config));
    const { code, stderr } = await made.run();
    assert.notEqual(code, 0);
    assert.match(stderr, /seccomp|nonsense/i);
    made.assertNothingLeft();
  }
});

test("names of calls that no kernel knows are passed over", { skip }, async () => {
  const seccomp = refusing(
    { names: ["no_such_call", "getpriority"], action: "SCMP_ACT_ERRNO", errnoRet: 95 },
    { names: ["another_such_call"], action: "SCMP_ACT_KILL_PROCESS" },
  );
  const [line] = await probe(call("getpriority", 0, 0), { linux: { seccomp } });
  assert.equal(line?.errno, "EOPNOTSUPP");
});
