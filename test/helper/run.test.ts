import assert from "node:assert/strict";
import { closeSync, existsSync, openSync, readFileSync, readlinkSync, writeFileSync } from "node:fs";
import { constants } from "node:os";
import { test } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { encodePlan, type Plan } from "../../src/plan/index.ts";
import { requireRoot } from "../environment/requirements.ts";
import { temporaryDirectory } from "../environment/temporary.ts";
import { makeRootfs, runBox, slots } from "./box.ts";
import { exchange, failureOf, helperPath, inside, run, slot, type TestOp } from "./driver.ts";

const skip = requireRoot();
const { ENOENT, EINVAL, EPROTO, EEXIST, EBADF } = constants.errno;

test("a box runs a program as pid 1 of its namespaces and its end is reported", { skip }, async () => {
  await using directory = await temporaryDirectory();
  const rootfs = await makeRootfs(directory.path);
  const { failure, stdout, stderr, waitStatus, digest, sent } = await runBox(
    rootfs,
    "echo $$; cat /etc/hostname; exit 7",
  );
  assert.equal(failure, undefined);
  assert.equal(stderr, "");
  assert.equal(stdout, "1\nrootfs\n");
  assert.equal(waitStatus, 7 << 8);
  assert.equal(digest, sent);
});

test("the digest does not depend on a binding, the effect does", async () => {
  await using directory = await temporaryDirectory();
  const digests = [];
  for (const value of ["0123456789abcdef", "fedcba9876543210"]) {
    const path = inside(directory, `x-${value}-y`);
    const { digest } = await run(
      { host: [{ op: "writeFile", path, content: `<${value}>`, mode: 0o600 }] },
      {
        bindings: [
          { name: "id", value },
          { name: "directory", value: directory.path },
        ],
      },
    );
    digests.push(digest);
    assert.equal(readFileSync(path, "utf8"), `<${value}>`);
  }
  assert.equal(digests[0], digests[1]);
});

test("a plan made from another table is refused before anything is done", async () => {
  await using directory = await temporaryDirectory();
  const message = encode({
    host: [{ op: "directory", from: "", path: inside(directory, "x"), mode: 0o755 }],
    stage: [],
    init: [],
  });
  message[8] = (message[8] ?? 0) ^ 1;
  const { failure } = await exchange(message);
  assert.deepEqual([failure?.list, failure?.errno, failure?.call], [undefined, EPROTO, "table"]);
  assert.ok(!existsSync(inside(directory, "x")));
});

test("one bad op late in a plan keeps the first from being executed", async () => {
  await using directory = await temporaryDirectory();
  const { failure } = await run({
    host: [
      { op: "directory", path: inside(directory, "x"), mode: 0o755 },
      { op: "signal", process: slot(0), signal: 9 },
    ],
  });
  assert.deepEqual(
    [failure?.list, failure?.index, failure?.errno, failure?.call],
    [undefined, 1, EINVAL, "slot"],
  );
  assert.ok(!existsSync(inside(directory, "x")));
});

test("a truncated plan is not executed and the helper ends", async () => {
  await using directory = await temporaryDirectory();
  const message = encode({
    host: [{ op: "directory", from: "", path: inside(directory, "x"), mode: 0o755 }],
    stage: [],
    init: [],
  });
  const { answers } = await exchange(message.subarray(0, message.length - 1), {
    onStarted: (child) => setImmediate(() => (child.stdio[3] as unknown as { end(): void }).end()),
  });
  assert.deepEqual(
    answers.map(({ type }) => type),
    ["greeting"],
  );
  assert.ok(!existsSync(inside(directory, "x")));
});

test("a failure in the host list names op, call, path and errno", async () => {
  await using directory = await temporaryDirectory();
  const path = inside(directory, "missing/x");
  const failure = await failureOf({
    host: [
      { op: "directory", path: inside(directory, "a"), mode: 0o755 },
      { op: "directory", path, mode: 0o755 },
    ],
  });
  assert.deepEqual(failure, { list: "host", index: 1, errno: ENOENT, status: 0, call: "mkdir", path });
});

test("an ignored errno is no failure, another one still is", async () => {
  await using directory = await temporaryDirectory();
  const again = { op: "directory", path: directory.path, mode: 0o755 } as const;
  const { failure } = await run({ host: [{ ...again, ignore: ["EEXIST"] }] });
  assert.equal(failure, undefined);
  assert.equal((await failureOf({ host: [{ ...again, ignore: ["ENOENT"] }] })).errno, EEXIST);
});

test("a slot that an ignored failure left empty is EBADF where it is read", async () => {
  const failure = await failureOf({
    host: [
      { op: "openFile", path: "/does/not/exist", flags: 0, out: slot(0), ignore: ["ENOENT"] },
      { op: "cgroupSet", group: slot(0), file: "x", value: "" },
    ],
  });
  assert.deepEqual([failure.index, failure.errno], [1, EBADF]);
});

test("a failure in the stage list is reported from a forked stage and from none", { skip }, async () => {
  for (const fork of [0, 1]) {
    const failure = await failureOf({
      host: [
        { op: "openFile", path: "/dev/null", flags: 0, out: slot(0) },
        { op: "runStage", fork },
      ],
      stage: [{ op: "oomScore", value: "0" }, { op: "join", namespaces: [slot(0)] }, { op: "spawn" }],
    });
    assert.deepEqual([failure.list, failure.index, failure.call], ["stage", 1, "ioctl"]);
  }
});

test("after a failure in init the answer has its place, and init is gone", { skip }, async () => {
  await using directory = await temporaryDirectory();
  const rootfs = await makeRootfs(directory.path);
  const before = processes();
  for (const stage of [undefined, []]) {
    const { failure, pid } = await runBox(rootfs, "true", {
      ...(stage && { stage }),
      mounts: [{ op: "symlink", root: slots.root, path: "/proc/x", target: "y" }],
    });
    assert.deepEqual([failure?.list, failure?.call, failure?.path], ["init", "symlinkat", "/proc/x"]);
    assert.ok(pid !== undefined && !existsSync(`/proc/${pid}`));
  }
  assert.deepEqual(
    processes().filter((title) => !before.includes(title)),
    [],
  );
});

test("an init that dies without a word is reported with its wait status", { skip }, async () => {
  await using directory = await temporaryDirectory();
  const rootfs = await makeRootfs(directory.path);
  const { failure } = await runBox(
    rootfs,
    "true",
    {
      mounts: [{ op: "await", barrier: 3 }],
      attend: [{ op: "await", barrier: 4 }],
    },
    { onCreated: (pid) => process.kill(pid, "SIGKILL") },
  );
  assert.deepEqual([failure?.list, failure?.errno, failure?.status, failure?.call], ["host", 0, 9, "await"]);
});

test("barriers order what host and init do", { skip }, async () => {
  await using directory = await temporaryDirectory();
  const rootfs = await makeRootfs(directory.path);
  const { stdout, failure } = await runBox(rootfs, "cat /from-host", {
    mounts: [
      { op: "release", barrier: 1 },
      { op: "await", barrier: 2 },
    ],
    attend: [
      { op: "await", barrier: 1 },
      { op: "writeFile", path: `${rootfs}/from-host`, content: "%p 100%%\n", mode: 0o644 },
      { op: "release", barrier: 2 },
    ],
  });
  assert.equal(failure, undefined);
  assert.match(stdout, /^\d+ 100%\n$/);
});

test("the plan is completed when whoever sent it has gone", { skip }, async () => {
  await using directory = await temporaryDirectory();
  const path = inside(directory, "done");
  const marker = inside(directory, "go");
  const child = await new Promise<number>((resolve) => {
    void exchange(
      encode({
        host: [
          {
            op: "hook",
            from: "",
            path: "/bin/sh",
            args: ["sh", "-c", `until [ -e ${marker} ]; do sleep 0.01; done`],
            env: [],
            input: "",
          },
          { op: "writeFile", from: "", path, content: "x", mode: 0o600 },
        ],
        stage: [],
        init: [],
      }),
      {
        onStarted: (process) => {
          const socket = process.stdio[3] as unknown as {
            once(name: string, call: () => void): void;
            destroy(): void;
          };
          socket.once("data", () => {
            setImmediate(() => {
              socket.destroy();
              closeSync(openSync(marker, "w"));
              resolve(process.pid ?? 0);
            });
          });
        },
      },
    ).catch(() => undefined);
  });
  while (existsSync(`/proc/${child}/exe`)) await delay(5);
  assert.ok(existsSync(path));
});

test("init does not outlive a helper that is killed before the container is created", { skip }, async () => {
  await using directory = await temporaryDirectory();
  const rootfs = await makeRootfs(directory.path);
  let helper: number | undefined;
  let init: number | undefined;
  await runBox(
    rootfs,
    "true",
    { mounts: [{ op: "await", barrier: 3 }], attend: [{ op: "await", barrier: 4 }] },
    {
      onStarted: (child) => (helper = child.pid),
      onCreated: (pid) => {
        init = pid;
        process.kill(helper ?? 0, "SIGKILL");
      },
    },
  );
  assert.ok(init !== undefined);
  while (!["Z (zombie)", undefined].includes(statusOf(init)?.State)) await delay(5);
});

test("the container's program inherits 0, 1, 2 and nothing else, but for what it shall keep", {
  skip,
}, async () => {
  await using directory = await temporaryDirectory();
  const rootfs = await makeRootfs(directory.path);
  const script = "ls /proc/self/fd | tr '\\n' ' '; readlink /proc/self/fd/3";
  const unwanted = openSync("/etc/passwd", "r");
  const alone = await runBox(rootfs, script, { stage: [] }, { descriptors: [unwanted] });
  closeSync(unwanted);
  assert.equal(alone.stdout, "0 1 2 3 ");
  const kept = openSync("/etc/passwd", "r");
  const { stdout } = await run(
    {
      host: [{ op: "runStage" }, { op: "awaitExec" }, { op: "waitExit" }],
      stage: [{ op: "spawn" }],
      init: [{ op: "exec", args: ["/bin/sh", "-c", script], env: ["PATH=/bin"], keep: 1 }],
    },
    { descriptors: [kept, kept] },
  );
  closeSync(kept);
  assert.equal(stdout, "0 1 2 3 4 /etc/passwd\n");
});

test("a descriptor that the caller did not leave open cannot be kept", async () => {
  const failure = await failureOf({
    host: [{ op: "runStage" }, { op: "awaitExec" }],
    stage: [{ op: "spawn" }],
    init: [{ op: "exec", args: ["/bin/true"], env: [], keep: 1 }],
  });
  assert.deepEqual([failure.list, failure.errno], ["init", EBADF]);
});

test("init is a child of the helper, from a forked stage too", { skip }, async () => {
  for (const fork of [0, 1]) {
    let helper: number | undefined;
    const { stdout } = await run(
      {
        host: [{ op: "runStage", fork }, { op: "awaitExec" }, { op: "waitExit" }],
        stage: [{ op: "spawn" }],
        init: [{ op: "exec", args: ["/bin/sh", "-c", "echo $PPID"], env: [] }],
      },
      { onStarted: (child) => (helper = child.pid) },
    );
    assert.equal(stdout, `${helper}\n`);
  }
});

test("the helper runs from a file that cannot be written, and is not dumpable in a container", {
  skip,
}, async () => {
  await using directory = await temporaryDirectory();
  const rootfs = await makeRootfs(directory.path);
  const script = `
    for i in $(seq 200); do grep -q 'tug:' /proc/1/comm && break; sleep 0.01; done
    cat /proc/1/comm; tr '\\0' ' ' < /proc/1/cmdline; echo
    { echo x > /proc/1/exe; } 2>&1 | sed 's/.*: //'
    stat -c %u /proc/1/io /proc/self/io
    cat /proc/1/maps >/dev/null 2>&1 || echo unreadable`;
  const { stdout, failure } = await runBox(rootfs, script, {
    final: [{ op: "becomeInit", title: "tug:[init] the-name" }],
    identity: [
      { op: "boundingSet", mask: 0n },
      { op: "idSwitch", uid: 1000, gid: 1000 },
      { op: "capabilities", effective: 0n, permitted: 0n, inheritable: 0n, ambient: 0n },
    ],
  });
  assert.equal(failure, undefined);
  const lines = stdout
    .trim()
    .split("\n")
    .map((line) => line.trim());
  assert.equal(lines[0], "tug:[init] the-");
  assert.equal(lines[1], "tug:[init] the-name");
  assert.match(lines[2] ?? "", /Permission denied|Read-only file system/);
  assert.deepEqual(lines.slice(3), ["0", "1000", "unreadable"]);
});

test("root in a container cannot write the helper through /proc/1/exe", { skip }, async () => {
  await using directory = await temporaryDirectory();
  const rootfs = await makeRootfs(directory.path);
  const { stdout } = await runBox(
    rootfs,
    "(echo x > /proc/1/exe) 2>&1; (exec 3<>/proc/1/exe) 2>&1; readlink /proc/1/exe",
    {
      final: [{ op: "becomeInit", title: "tug:[init]" }],
    },
  );
  assert.match(stdout, /Read-only file system|Text file busy/);
  assert.doesNotMatch(stdout, /^$/);
});

test("signals, masks and umask of the helper do not reach the program", { skip }, async () => {
  const { stdout } = await run({
    host: [{ op: "runStage" }, { op: "awaitExec" }, { op: "waitExit", forward: 1 }],
    stage: [{ op: "spawn" }],
    init: [
      {
        op: "exec",
        args: ["/bin/sh", "-c", "grep -E 'Sig(Blk|Ign)' /proc/self/status; umask"],
        env: ["PATH=/bin"],
      },
    ],
  });
  assert.match(stdout, /^SigBlk:\t0{16}\nSigIgn:\t0{16}\n0022\n$/);
});

test("what the caller ignores or has closed does not matter", { skip }, async () => {
  await using directory = await temporaryDirectory();
  const rootfs = await makeRootfs(directory.path);
  const program = inside(directory, "wrapper");
  const script = `#!/bin/sh\ntrap '' CHLD PIPE TERM INT\nexec "${helperPath}" "$@" 0<&- 2>&-\n`;
  writeFileSync(program, script, { mode: 0o755 });
  const hook: TestOp = { op: "hook", path: "/bin/sh", args: ["sh", "-c", "exit 0"], env: [], input: "" };
  const { stdout, waitStatus, failure } = await runBox(
    rootfs,
    "grep SigIgn /proc/self/status; stat -L -c %t:%T /proc/self/fd/0 /proc/self/fd/2; ls /proc/self/fd | wc -l; exit 5",
    { stage: [], attend: [hook], nodes: false },
    { program },
  );
  assert.equal(failure, undefined);
  assert.equal(stdout, "SigIgn:\t0000000000000000\n1:3\n1:3\n4\n");
  assert.equal(waitStatus, 5 << 8);
});

/** Status fields of a process, undefined when it is gone. */
function statusOf(pid: number): Record<string, string> | undefined {
  try {
    return Object.fromEntries(
      readFileSync(`/proc/${pid}/status`, "utf8")
        .split("\n")
        .map((line) => line.split(":\t") as [string, string]),
    );
  } catch {
    return undefined;
  }
}

function processes(): string[] {
  const self = readlinkSync("/proc/self");
  return readFileSync(`/proc/${self}/task/${self}/children`, "utf8").split(" ");
}

function encode(plan: Plan): Uint8Array {
  return encodePlan(plan).message;
}
