import assert from "node:assert/strict";
import { closeSync, openSync, readdirSync, readFileSync, readlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { probeLines, probeReport } from "../environment/index.ts";
import { type Container, container, differs, isDead, skip, succeeded, until } from "./harness/index.ts";

test("run in the foreground removes the container, --keep does not", { skip }, async () => {
  await using made = await container({ args: ["probe", "exit", "5"] });
  assert.equal((await made.run()).code, 5);
  made.assertNothingLeft();
  assert.equal((await made.run(["--keep"])).code, 5);
  assert.equal((await made.state()).status, "stopped");
  succeeded(await made.delete());
  made.assertNothingLeft();
});

test("run --detach leaves the container running and nobody else", { skip }, async () => {
  await using made = await container({ args: ["sh", "-c", "echo begun; sleep 100"] });
  const path = join(made.directory, "pid");
  const runtime = { pid: 0 };
  const { output } = succeeded(
    await made.run(["--detach", "--pid-file", path], { onStart: (pid) => Object.assign(runtime, { pid }) }),
  );
  await until("the program has begun", () => output().includes("begun"));
  const { status, pid } = await made.state();
  assert.equal(status, "running");
  assert.equal(readFileSync(path, "utf8"), String(pid));
  assert.ok(isDead(runtime.pid));
});

/** Runs a container in the foreground and sends its runtime a signal as soon as the program listens. */
async function signalled(made: Container, ...signals: NodeJS.Signals[]) {
  const runtime = { pid: 0 };
  const path = join(made.rootfs, "tmp/output");
  writeFileSync(path, "");
  const ended = made.run([], { onStart: (pid) => Object.assign(runtime, { pid }) });
  const output = () => readFileSync(path, "utf8");
  await until("the program listens", () => output().includes('"ready":true'));
  for (const signal of signals) {
    // To the process that Node runs, as a caller does who knows no other.
    process.kill(runtime.pid, signal);
    await until(`${signal} has arrived`, () => output().includes(`"signal":"${signal.slice(3)}"`));
  }
  return { ...(await ended), output: output() };
}

test("signals to the runtime reach the program, which decides", { skip }, async () => {
  await using made = await container({ args: ["sh", "-c", "probe catch TERM , exit 9 > /tmp/output"] });
  const { code } = await signalled(made, "SIGUSR1", "SIGHUP", "SIGUSR2", "SIGINT", "SIGTERM");
  assert.equal(code, 9);
  made.assertNothingLeft();
});

test("exactly the descriptors 0 to 2 are open, whatever the caller has (no leak)", { skip }, async () => {
  await using made = await container();
  const other = openSync("/etc/passwd", "r");
  try {
    const { descriptors } = probeReport(
      succeeded(await made.run([], { descriptors: [other, other] })).stdout,
    );
    assert.deepEqual(Object.keys(descriptors ?? {}), ["0", "1", "2"]);
  } finally {
    closeSync(other);
  }
});

test("while the program waits for start, its process holds nothing of the host but what start needs (rule: no-host-object-after-pivot)", {
  skip,
}, async () => {
  await using made = await container({ args: ["sleep", "100"] });
  succeeded(await made.create());
  const { pid } = await made.state();
  const targets = readdirSync(`/proc/${pid}/fd`)
    .slice(3)
    .map((fd) => readlinkSync(`/proc/${pid}/fd/${fd}`));
  const kernel = /^(\/|\/proc|socket:.*|pipe:.*|anon_inode:.*|\/memfd:.*)$/;
  assert.deepEqual(
    targets.filter((target) => !target.startsWith(made.root) && !kernel.test(target)),
    [],
  );
});

test("--preserve-fds passes that many, open on what they were", { skip }, async () => {
  await using made = await container();
  const files = ["one", "two"].map((name) => {
    writeFileSync(join(made.directory, name), name);
    return openSync(join(made.directory, name), "r");
  });
  try {
    const outcome = await made.run(["--preserve-fds", "1"], { descriptors: files });
    const { descriptors } = probeReport(succeeded(outcome).stdout);
    assert.deepEqual(Object.keys(descriptors ?? {}), ["0", "1", "2", "3"]);
    assert.match(descriptors?.["3"] ?? "", /\/one$/);
  } finally {
    for (const file of files) closeSync(file);
  }
});

test("--preserve-fds of a descriptor that is not open is refused", {
  skip: skip || differs({ runc: "1.1 passes what is there", crun: "passes what is there" }),
}, async () => {
  await using made = await container();
  const { code, stderr } = await made.run(["--preserve-fds", "3"]);
  assert.notEqual(code, 0);
  assert.match(stderr, /descriptor|file/);
  made.assertNothingLeft();
});

test("the sockets of LISTEN_FDS are passed without being asked for, to whom they are meant for", {
  skip: skip || differs({ crun: "does not tell the program" }),
}, async () => {
  await using made = await container();
  const file = openSync("/etc/passwd", "r");
  try {
    const outcome = await made.run([], {
      descriptors: [file],
      env: { LISTEN_FDS: "1" },
      within: ["sh", "-c", 'LISTEN_PID=$$ exec "$@"', "sh"],
    });
    const { descriptors, environment } = probeReport(succeeded(outcome).stdout);
    assert.equal(descriptors?.["3"], "/etc/passwd");
    assert.ok(environment.includes("LISTEN_FDS=1"), "the program is told how many");
    assert.ok(environment.includes("LISTEN_PID=1"), "and that it is meant");
    const others = await made.run([], { descriptors: [file], env: { LISTEN_FDS: "1", LISTEN_PID: "1" } });
    assert.equal(probeReport(succeeded(others).stdout).descriptors?.["3"], undefined);
  } finally {
    closeSync(file);
  }
});

test("the program has its standard streams, and may open them again as another user", { skip }, async () => {
  await using made = await container({
    args: ["sh", "-c", "echo one; echo two > /dev/stdout; echo three > /proc/self/fd/2"],
    process: { user: { uid: 1000, gid: 1000 }, capabilities: {} },
  });
  const { stdout, stderr } = succeeded(await made.run());
  assert.match(stdout, /two/);
  assert.equal(stderr, "three\n");
});

test("the runtime's log goes to a file, as JSON lines with level, msg and time", {
  skip: skip || differs({ crun: "logs nothing here" }),
}, async () => {
  await using made = await container({ args: ["nosuch"] });
  const path = join(made.directory, "log");
  const { code } = await made.runtime(["--log", path, "--log-format", "json", "create", made.id]);
  assert.notEqual(code, 0);
  const lines = readFileSync(path, "utf8")
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line));
  const last = lines.findLast(({ level }) => level === "error");
  assert.match(last.msg, /executable file not found in \$PATH/);
  assert.ok(Number.isFinite(Date.parse(last.time)));
  made.assertNothingLeft();
});

test("a daemon that outlives the program is killed at the end of a foreground run", {
  skip: skip || differs({ crun: "waits for it" }),
}, async () => {
  await using made = await container({
    args: ["probe", "orphan"],
    linux: { namespaces: [{ type: "mount" }] },
  });
  const [line] = probeLines(succeeded(await made.run()).stdout);
  assert.ok(isDead(Number(line?.child)));
  made.assertNothingLeft();
});

test("the container's network has a loopback device that is up", {
  skip,
}, async () => {
  await using made = await container({
    args: ["cat", "/sys/class/net/lo/flags"],
    mounts: [{ destination: "/sys", type: "sysfs", source: "sysfs", options: ["ro"] }],
  });
  const flags = Number(succeeded(await made.run()).stdout);
  assert.equal(flags & 1, 1);
});

test("the log file is there after a success too; one that cannot be written, or an unknown format, is refused", {
  skip: skip || differs({ runc: "1.1 writes none without need", crun: "writes none without need" }),
}, async () => {
  await using made = await container({ args: ["true"] });
  const path = join(made.directory, "log");
  succeeded(await made.runtime(["--log", path, "run", made.id]));
  assert.equal(readFileSync(path, "utf8"), "");
  for (const [flags, pattern] of [
    [["--log", "/nonexistent/log"], /\/nonexistent\/log/],
    [["--log-format", "xml"], /log-format/],
  ] as const) {
    const { code, stderr } = await made.runtime([...flags, "run", made.id]);
    assert.notEqual(code, 0);
    assert.match(stderr, pattern);
  }
});
