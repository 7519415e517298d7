import assert from "node:assert/strict";
import {
  chmodSync,
  closeSync,
  mkdirSync,
  openSync,
  readFileSync,
  readlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { defaultCapabilities } from "../../src/runtime/index.ts";
import { type ProbeReport, probeReport } from "../environment/index.ts";
import {
  type ConfigOptions,
  type Container,
  container,
  differs,
  groupOf,
  isDead,
  listenForTerminal,
  type Outcome,
  plainNamespaces,
  runAtTerminal,
  skip,
  succeeded,
  until,
} from "./harness/index.ts";

/** A running container. */
async function running(options: ConfigOptions = {}): Promise<Container> {
  const made = await container({ args: ["sleep", "1000"], ...options });
  try {
    chmodSync(made.directory, 0o755); // Root of a user namespace is not root here.
    succeeded(await made.run(["--detach"]));
    return made;
  } catch (error) {
    await made[Symbol.asyncDispose]();
    throw error;
  }
}

/** Runs a command with flags in a container. */
function exec(made: Container, words: readonly string[], flags: readonly string[] = []): Promise<Outcome> {
  return made.runtime(["exec", ...flags, made.id, ...words]);
}

async function reportIn(made: Container, ...flags: string[]): Promise<ProbeReport> {
  return probeReport(succeeded(await exec(made, ["/bin/probe"], flags)).stdout);
}

/** What a process file says at least, with the mark by which everything that is left is found. */
function processFile(made: Container, members: object): string {
  const path = join(made.directory, "process.json");
  const process = {
    cwd: "/",
    env: ["PATH=/bin", `TUG_TEST=${made.id}`],
    user: { uid: 0, gid: 0 },
    ...members,
  };
  writeFileSync(path, JSON.stringify(process));
  return path;
}

test("exec runs a command in the container, and ends as it does", { skip }, async () => {
  await using made = await running();
  const outcome = await exec(made, ["sh", "-c", "echo out; echo err >&2; exit 7"]);
  assert.deepEqual([outcome.code, outcome.stdout, outcome.stderr], [7, "out\n", "err\n"]);
  assert.equal((await exec(made, ["sh", "-c", "kill -9 $$"])).code, 137);
  const input = succeeded(
    await made.runtime(["exec", made.id, "cat"], { stdin: join(made.bundle, "config.json") }),
  );
  assert.match(input.stdout, /"ociVersion"/);
});

test("it has the container's namespaces, groups, user, limits, environment and filter", {
  skip: skip || differs({ crun: "takes no limits over" }),
}, async () => {
  await using made = await running({
    linux: {
      namespaces: [...plainNamespaces, { type: "cgroup" }],
      seccomp: {
        defaultAction: "SCMP_ACT_ALLOW",
        syscalls: [{ names: ["mkdir"], action: "SCMP_ACT_ERRNO" }],
      },
    },
    process: {
      user: { uid: 1000, gid: 1000, additionalGids: [5] },
      noNewPrivileges: true,
      rlimits: [{ type: "RLIMIT_NOFILE", soft: 64n, hard: 64n }],
      oomScoreAdj: 321,
    },
    env: ["OWN=1"],
  });
  const { pid } = await made.state();
  const report = await reportIn(made);
  for (const name of ["cgroup", "ipc", "mnt", "net", "pid", "uts"] as const) {
    assert.equal(report.namespaces[name], readlinkSync(`/proc/${pid}/ns/${name}`), name);
  }
  assert.deepEqual([report.uid[0], report.gid[0], report.groups], [1000, 1000, [5]]);
  assert.deepEqual(report.rlimits.RLIMIT_NOFILE, [64, 64]);
  assert.deepEqual(report.oomScoreAdj, ["321"]);
  assert.deepEqual([report.noNewPrivileges, report.seccomp], [1, 2]);
  assert.ok(report.environment.includes("OWN=1"));
  assert.deepEqual(Object.keys(report.descriptors ?? {}), ["0", "1", "2"]);
  assert.equal(report.cgroup?.find((line) => line.includes(":pids:") || line.startsWith("0::"))?.at(-1), "/");
});

test("flags change user, groups, directory, environment, capabilities and no_new_privs", {
  skip: skip || differs({ crun: "has no --additional-gids" }),
}, async () => {
  await using made = await running();
  const report = await reportIn(
    made,
    ...[
      "--user",
      "1000:100",
      "--additional-gids",
      "5",
      "--additional-gids",
      "6",
      "--cwd",
      "/tmp",
      "--env",
      "A=b",
      "--env",
      "C=d e",
      "--env",
      "PATH=/usr/bin:/bin",
    ],
    ...["--cap", "CAP_SYS_PTRACE", "--no-new-privs"],
  );
  assert.deepEqual([report.uid[1], report.gid[1], report.cwd], [1000, 100, "/tmp"]);
  assert.deepEqual([...report.groups].sort(), [5, 6]);
  assert.ok(report.environment.includes("A=b"));
  assert.ok(report.environment.includes("C=d e"));
  const paths = report.environment.filter((entry) => entry.startsWith("PATH="));
  assert.deepEqual(paths, ["PATH=/usr/bin:/bin"], "not beside the container's own");
  assert.equal(report.noNewPrivileges, 1);
  const bounding = BigInt(`0x${report.capabilities.bounding}`);
  assert.ok(bounding & (1n << 19n), "CAP_SYS_PTRACE");
  assert.equal((await reportIn(made)).capabilities.bounding.length, 16);
});

test("a process file says everything; capabilities that it leaves out are the container's", {
  skip: skip || differs({ runc: "1.1 takes the umask of the container" }),
}, async () => {
  await using made = await running();
  const path = processFile(made, {
    args: ["/bin/probe"],
    cwd: "/tmp",
    user: { uid: 1000, gid: 100, umask: 0o77 },
    rlimits: [{ type: "RLIMIT_NOFILE", soft: 33, hard: 44 }],
  });
  for (const flag of ["--process", "-p"]) {
    const outcome = await made.runtime(["exec", flag, path, made.id]);
    const report = probeReport(succeeded(outcome).stdout);
    assert.deepEqual([report.uid[1], report.gid[1], report.cwd], [1000, 100, "/tmp"]);
    assert.equal(report.umask, 0o77);
    assert.deepEqual(report.rlimits.RLIMIT_NOFILE, [33, 44]);
    assert.equal(report.capabilities.bounding, maskOf(defaultCapabilities.length, report));
  }
});

/** The bounding set of the container's own process: as many bits as it has capabilities. */
function maskOf(count: number, { capabilities: { bounding } }: ProbeReport): string {
  const bits = BigInt(`0x${bounding}`).toString(2).replaceAll("0", "").length;
  assert.equal(bits, count);
  return bounding;
}

test("a process file that is wrong is refused with its place", {
  skip: skip || differs({ runc: "has no places", crun: "has no places" }),
}, async () => {
  await using made = await running();
  for (const [members, place] of [
    [{ args: [] }, /process\.json#\/args/],
    [{ args: ["true"], cwd: "relative" }, /process\.json#\/cwd/],
    [{ args: ["true"], user: { uid: -1 } }, /process\.json#\/user\/uid/],
  ] as const) {
    const { code, stderr } = await made.runtime(["exec", "--process", processFile(made, members), made.id]);
    assert.equal(code, 255);
    assert.match(stderr, place);
  }
});

test("a failure of exec itself is 255, with runc's words", {
  skip: skip || differs({ crun: "has words of its own" }),
}, async () => {
  await using made = await running();
  for (const [words, pattern] of [
    [["nosuch"], /executable file not found in \$PATH/],
    [["/nosuch"], /no such file or directory/],
    [["/etc/passwd"], /permission denied/],
    [[], /process args cannot be empty|required/],
  ] as const) {
    const { code, stderr } = await exec(made, words);
    assert.ok(code === 255 || (words.length === 0 && code !== 0), `${words}: ${code}`);
    assert.match(stderr, pattern);
  }
  const missing = await made.runtime(["exec", "tug-test-none", "true"]);
  assert.notEqual(missing.code, 0);
  assert.match(missing.stderr, /does not exist/);
});

test("exec is for running containers; a created one is running enough", {
  skip: skip || differs({ crun: "has words of its own" }),
}, async () => {
  await using made = await container({ args: ["true"] });
  succeeded(await made.create());
  assert.equal(succeeded(await exec(made, ["echo", "before"])).stdout, "before\n");
  succeeded(await made.start());
  await made.stopped();
  const { code, stderr } = await exec(made, ["true"]);
  assert.equal(code, 255);
  assert.match(stderr, /cannot exec in a stopped container|has stopped/);
});

test("exec --detach leaves the process, whose id is in the pid file, in the container's groups", {
  skip,
}, async () => {
  await using made = await running();
  const path = join(made.directory, "pid");
  const file = processFile(made, { args: ["sleep", "1000"] });
  succeeded(await made.runtime(["exec", "--detach", "--pid-file", path, "--process", file, made.id]));
  const pid = Number(readFileSync(path, "utf8"));
  const { pid: init } = await made.state();
  assert.notEqual(pid, init);
  assert.equal(isDead(pid), false);
  assert.equal(groupOf(pid, "pids")?.directory, groupOf(init, "pids")?.directory);
  succeeded(await made.delete("--force"));
  assert.ok(isDead(pid));
});

test("with a terminal and a socket the master is sent, the size is consoleSize", { skip }, async () => {
  await using made = await running();
  const socket = join(made.directory, "console");
  await using listener = await listenForTerminal(socket);
  const file = processFile(made, {
    args: ["/bin/probe"],
    terminal: true,
    consoleSize: { height: 33, width: 77 },
  });
  const words = ["exec", "--detach", "--console-socket", socket, "--process", file, made.id];
  succeeded(await made.runtime(words));
  await listener.shows(/\n$/);
  const report = probeReport(listener.shown());
  assert.match(report.terminals[0]?.name ?? "", /^\/dev\/pts\/\d+$/);
  assert.deepEqual([report.terminals[1]?.rows, report.terminals[1]?.columns], [33, 77]);
  assert.equal(report.terminals[2]?.foreground, report.pid);
});

test("exec --tty lends the caller's terminal", { skip }, async () => {
  await using made = await running();
  const script = "tty; read line; echo got $line; exit 9";
  const words = ["--root", made.root, "exec", "--tty", made.id, "sh", "-c", script];
  await using caller = runAtTerminal(words, made.bundle);
  await caller.shows(/\/dev\/pts\/\d+\r\n/);
  caller.type("keys\n");
  await caller.shows(/got keys/);
  assert.equal(await caller.ended(), 9);
});

test("a terminal that nobody sits at is refused", { skip }, async () => {
  await using made = await running();
  const { code, stderr } = await exec(made, ["true"], ["--tty", "--detach"]);
  assert.notEqual(code, 0);
  assert.match(stderr, /console|tcgetattr/);
});

test("signals to the runtime reach the program", { skip }, async () => {
  await using made = await running();
  const runtime = { pid: 0 };
  const ended = made.runtime(["exec", made.id, "sh", "-c", "exec probe catch TERM , exit 9 >/tmp/output"], {
    onStart: (pid) => Object.assign(runtime, { pid }),
  });
  const output = join(made.rootfs, "tmp/output");
  await until("the program listens", () => read(output).includes('"ready":true'));
  process.kill(runtime.pid, "SIGUSR1");
  await until("it has arrived", () => read(output).includes('"signal":"USR1"'));
  process.kill(runtime.pid, "SIGTERM");
  assert.equal((await ended).code, 9);
});

test("--preserve-fds passes that many", { skip }, async () => {
  await using made = await running();
  const file = openSync(join(made.bundle, "config.json"), "r");
  try {
    const words = ["exec", "--preserve-fds", "1", made.id, "/bin/probe"];
    const { stdout } = succeeded(await made.runtime(words, { descriptors: [file, file] }));
    assert.deepEqual(Object.keys(probeReport(stdout).descriptors ?? {}), ["0", "1", "2", "3"]);
  } finally {
    closeSync(file);
  }
});

test("--cgroup puts the process into a group below the container's, and nowhere else", {
  skip: skip || differs({ crun: "has no such meaning" }),
}, async () => {
  await using made = await running();
  const { pid } = await made.state();
  const group = groupOf(pid, "pids");
  assert.ok(group);
  mkdirSync(join(group.directory, "below"));
  const flag = group.version === 1 ? "pids:below" : "below";
  const path = join(made.directory, "pid");
  const file = processFile(made, { args: ["sleep", "1000"] });
  const words = ["exec", "--detach", "--pid-file", path, "--process", file, "--cgroup"];
  succeeded(await made.runtime([...words, flag, made.id]));
  assert.equal(
    groupOf(Number(readFileSync(path, "utf8")), "pids")?.directory,
    join(group.directory, "below"),
  );
  const outside = await made.runtime([...words, "../..", made.id]);
  assert.notEqual(outside.code, 0);
});

test("in a user namespace the process is the namespace's root", { skip }, async () => {
  const mappings = [{ containerID: 0, hostID: 200_000, size: 65_536 }];
  await using made = await running({
    linux: {
      namespaces: [...plainNamespaces, { type: "user" }],
      uidMappings: mappings,
      gidMappings: mappings,
    },
  });
  const report = await reportIn(made);
  assert.deepEqual([report.uid, report.pid > 1], [[0, 0, 0], true]);
  assert.match(report.uidMap?.[0] ?? "", /200000/);
});

function read(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return "";
  }
}
