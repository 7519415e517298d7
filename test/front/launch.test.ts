import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { existsSync, readFileSync } from "node:fs";
import { mkdir, open, readFile, rmdir, truncate, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { test } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { parseProcessStatus } from "../../src/host/index.ts";
import { probeProgram } from "../environment/probe.ts";
import { requireRoot } from "../environment/requirements.ts";
import { temporaryDirectory } from "../environment/temporary.ts";
import { helperPath } from "../helper/driver.ts";
import { holdTurn } from "./hold-turn.ts";

const skip = requireRoot();

/** Launches a shell script from a command line that comes before it; gives its exit code and what the script logged. */
async function launch(
  log: string,
  script: string,
  { options = [] as readonly string[], before = [] as readonly string[] } = {},
): Promise<{ code: number | null; logged: () => Promise<string> }> {
  const args = [helperPath, "launch", ...options, "--log", log, "--", "/bin/sh", "-c", `${script}; echo end`];
  const [file = "", ...rest] = [...before, ...args];
  const { status } = spawnSync(file, rest, { stdio: "ignore", cwd: "/tmp" });
  const logged = async () => {
    for (;;) {
      const text = await readFile(log, "utf8");
      if (text.endsWith("end\n")) return text.slice(0, -"end\n".length);
      await delay(10);
    }
  };
  return { code: status, logged };
}

test("nothing of the caller stays with the program", { skip }, async () => {
  await using directory = await temporaryDirectory();
  const log = join(directory.path, "log");
  const script = `umask; pwd; env | grep -v -e ^PWD= -e ^_= -e ^SHLVL= -e ^OLDPWD=; ls /proc/self/fd | tr '\\n' ' '; echo
    readlink /proc/$$/fd/0 /proc/$$/fd/1 /proc/$$/fd/2; grep -E '^Sig(Blk|Ign):' /proc/self/status
    cut -d ' ' -f 6,7 /proc/$$/stat; cat /proc/$$/oom_score_adj; cut -d ' ' -f 19 /proc/$$/stat
    grep Cpus_allowed_list: /proc/self/status; ulimit -n; ulimit -f`;
  await using file = await open(log, "a");
  const before = [
    "sh",
    "-c",
    'trap "" INT HUP; umask 077; ulimit -S -n 99; ulimit -S -f 99; echo 500 >/proc/self/oom_score_adj; exec "$@"',
    ...["sh", "taskset", "-c", "0", "nice", "-n", "5"],
  ];
  const options = ["--env", "ONE=1", "--env", "TWO=a b"];
  const { code, logged } = await launch(log, script, { options, before });
  assert.equal(code, 0);
  const lines = (await logged()).trimEnd().split("\n");
  assert.deepEqual(lines.slice(0, 4), ["0022", "/", "ONE=1", "TWO=a b"]);
  assert.equal(lines[4], "0 1 2 3 ");
  assert.deepEqual(lines.slice(5, 8), ["/dev/null", log, log]);
  assert.deepEqual(lines.slice(8, 10), ["SigBlk:\t0000000000000000", "SigIgn:\t0000000000000000"]);
  const [session, terminal] = lines[10]?.split(" ") ?? [];
  assert.notEqual(session, (await readFile("/proc/self/stat", "utf8")).split(" ")[5]);
  assert.equal(terminal, "0");
  const own = await readFile("/proc/self/status", "utf8");
  const limits = ["Max open files", "Max file size"].map(firstOrOwn);
  assert.deepEqual(lines.slice(11), ["0", "0", /^Cpus_allowed_list:.*$/m.exec(own)?.[0], ...limits]);
  assert.ok(file);
});

/** A limit that is pid 1's, or as much of it as this process may have. */
function firstOrOwn(name: string): string {
  const read = (pid: string) => {
    const line = readFileSync(`/proc/${pid}/limits`, "utf8")
      .split("\n")
      .find((text) => text.startsWith(name));
    const [soft = "", hard = ""] = line?.slice(name.length).trim().split(/\s+/) ?? [];
    return { soft: Number(soft) || Infinity, hard: Number(hard) || Infinity };
  };
  const limit = Math.min(read("1").soft, read("self").hard);
  return limit === Infinity ? "unlimited" : String(limit);
}

test("the program is no child of the caller and leads no session", { skip }, async () => {
  await using directory = await temporaryDirectory();
  const log = join(directory.path, "log");
  const { logged } = await launch(log, "cut -d ' ' -f 1,4,6 /proc/$$/stat");
  const [pid, parent, session] = (await logged()).trim().split(" ");
  assert.notEqual(pid, session);
  assert.notEqual(parent, `${process.pid}`);
});

test("it joins the groups it is told to", {
  skip: skip || !existsSync("/sys/fs/cgroup/pids/tasks"),
}, async () => {
  await using directory = await temporaryDirectory();
  const log = join(directory.path, "log");
  const group = `/sys/fs/cgroup/pids/tug-launch-${process.pid}`;
  await mkdir(group);
  try {
    const { code, logged } = await launch(log, "grep pids /proc/$$/cgroup", {
      options: ["--cgroup", `${group}/tasks`],
    });
    assert.equal(code, 0);
    assert.match(await logged(), new RegExp(`tug-launch-${process.pid}`));
    const missing = await launch(log, ":", { options: ["--cgroup", `${group}/missing`] });
    assert.equal(missing.code, 20);
  } finally {
    while (existsSync(group)) await rmdir(group).catch(() => delay(10));
  }
});

test("it joins groups that others remove whenever they are empty", {
  skip: skip || !existsSync("/sys/fs/cgroup/cpuset/tasks"),
}, async () => {
  await using directory = await temporaryDirectory();
  const log = join(directory.path, "log");
  const group = `/sys/fs/cgroup/cpuset/tug-launch-${process.pid}`;
  const script = 'while [ ! -e "$1" ]; do rmdir "$0/inner" "$0"; done 2>/dev/null';
  const stop = join(directory.path, "stop");
  const remover = spawn("sh", ["-c", script, group, stop], { stdio: "ignore" });
  try {
    for (let turn = 0; turn < 20; turn += 1) {
      const options = ["--cgroup", `${group}/inner/tasks`];
      const { code, logged } = await launch(log, "grep cpuset /proc/$$/cgroup", { options });
      assert.equal(code, 0);
      assert.match(await logged(), new RegExp(`tug-launch-${process.pid}/inner`));
      await truncate(log);
    }
  } finally {
    await writeFile(stop, "");
    if (remover.exitCode === null) await once(remover, "exit");
    for (const path of [`${group}/inner`, group])
      while (existsSync(path)) await rmdir(path).catch(() => delay(10));
  }
});

const probe = probeProgram();

const contexts: readonly (readonly [string, number, readonly string[]])[] = [
  ["no_new_privs", 10, ["setpriv", "--no-new-privs"]],
  ["a seccomp filter", 11, [probe.path, "filter", ",", "exec"]],
  ["a reduced bounding set", 12, ["setpriv", "--bounding-set", "-net_raw"]],
  ["another mount namespace", 13, ["unshare", "--mount"]],
  ["another pid namespace", 14, ["unshare", "--pid", "--fork"]],
  ["another user namespace", 15, ["unshare", "--user"]],
  ["another network namespace", 16, ["unshare", "--net"]],
];

/** Makes its own pid 1, whose namespaces can be read whatever capabilities the machine's has; it outlives the log. */
const ownInit = [
  ..."unshare --pid --fork --mount-proc sh -c".split(" "),
  'log=$1; shift; "$@"; code=$?; until [ $code != 0 ] || grep -q end $log; do sleep 0.01; done; exit $code',
  "sh",
];

for (const [name, code, command] of contexts) {
  test(`${name} is refused, unless any context will do`, { skip }, async () => {
    await using directory = await temporaryDirectory();
    const log = join(directory.path, "log");
    const before = [...ownInit, log, ...command];
    assert.equal((await launch(log, "echo ran", { before })).code, code);
    assert.equal(existsSync(log), false);
    // In a user namespace the log may not be written; in a pid namespace the program dies with the launcher, its pid 1.
    if (name === "another user namespace" || name === "another pid namespace") return;
    const { code: any, logged } = await launch(log, "echo ran", { before, options: ["--any-context"] });
    assert.equal(any, 0);
    assert.equal(await logged(), "ran\n");
  });
}

/** Of raising a hard limit. */
const CAP_SYS_RESOURCE = 24n;

test("a hard limit that is too low is raised, or refused where that may not be", { skip }, async () => {
  await using directory = await temporaryDirectory();
  const log = join(directory.path, "log");
  const { effective } = parseProcessStatus(readFileSync("/proc/self/status", "utf8")).capabilities;
  const mayRaise = ((effective >> CAP_SYS_RESOURCE) & 1n) === 1n;
  const before = ["prlimit", "--nofile=64"];
  const { code, logged } = await launch(log, "ulimit -H -n", { before });
  assert.equal(code, mayRaise ? 0 : 17);
  if (mayRaise) assert.notEqual(await logged(), "64\n");
  const { status } = spawnSync("prlimit", ["--nofile=64", helperPath, "launch", "--check"]);
  assert.equal(status, code);
});

test("wrong arguments, a log or a program that is not there", { skip }, async () => {
  await using directory = await temporaryDirectory();
  const code = (...args: string[]) => spawnSync(helperPath, ["launch", ...args], { stdio: "ignore" }).status;
  const log = join(directory.path, "log");
  for (const args of [
    [],
    ["--log", log],
    ["--", "/bin/true"],
    ["--log"],
    ["--other", "x", "--log", log, "--", "/bin/true"],
  ])
    assert.equal(code(...args), 2, args.join(" "));
  assert.equal(code("--log", join(directory.path, "missing/log"), "--", "/bin/true"), 21);
  assert.equal(code("--log", log, "--", join(directory.path, "missing")), 23);
  await writeFile(join(directory.path, "file"), "");
  assert.equal(code("--log", log, "--", join(directory.path, "file")), 23);
});

test("nothing is started beside an engine that has the lock, in whose turn ever", { skip }, async () => {
  await using directory = await temporaryDirectory();
  const [log, lock] = [join(directory.path, "log"), join(directory.path, "lock")];
  const engine = new DatabaseSync(lock);
  engine.exec("BEGIN EXCLUSIVE");
  await using _ = await holdTurn(lock);
  assert.equal((await launch(log, "echo ran", { options: ["--lock", lock] })).code, 0);
  assert.equal(existsSync(log), false);
  engine.close();
});

test("a launcher that hangs in its turn keeps the others waiting for a time, not for ever", {
  skip,
}, async () => {
  await using directory = await temporaryDirectory();
  const [log, lock] = [join(directory.path, "log"), join(directory.path, "lock")];
  await using holder = await holdTurn(lock);
  const { code, logged } = await launch(log, "echo ran", { options: ["--lock", lock] });
  assert.equal(code, 0);
  assert.equal(await logged(), "ran\n");
  assert.ok(holder.holds());
});
