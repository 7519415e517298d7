import assert from "node:assert/strict";
import { existsSync, readdirSync, readFileSync, readlinkSync } from "node:fs";
import { chmod, chown, mkdir, rm, rmdir, stat, symlink, writeFile } from "node:fs/promises";
import { constants } from "node:os";
import { join, resolve } from "node:path";
import { describe, test } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { parseCgroup, parseProcessStat, parseProcessStatus } from "../../src/host/index.ts";
import { connectMachineEngine } from "../../src/resident/index.ts";
import { removeTree, requireRoot, startTug, type TugInstance } from "../environment/index.ts";
import { helperPath } from "../helper/driver.ts";
import { until } from "../privileged/harness/until.ts";
import { holdTurn } from "./hold-turn.ts";
import { runProgram } from "./run-program.ts";

const skip = requireRoot();
const AT_ONCE = 20;

/** Pids of the engines, ready or not, that were started for an instance. */
function engines({ data }: TugInstance): number[] {
  // Who starts one has the engine's command line in its own.
  return processesWith(
    (words) =>
      words.includes(join(programs, "engine.mjs")) && words.includes(data) && !words.includes("launch"),
  );
}

/** Pids of the processes that start an engine with this lock. */
function launchers(lock: string): number[] {
  return processesWith((words) => words.includes("launch") && words.includes(lock));
}

const programs = resolve(import.meta.dirname, "../../dist/bin");

/** Pids of the processes with such command lines. */
function processesWith(matches: (words: readonly string[]) => boolean): number[] {
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .filter((name) => {
      try {
        return matches(readFileSync(`/proc/${name}/cmdline`, "utf8").split("\0"));
      } catch {
        return false;
      }
    })
    .map(Number);
}

/** Runs so many commands at once; all succeed. */
async function firstCommands({ tug }: TugInstance, count: number): Promise<void> {
  const results = await Promise.all(
    Array.from({ length: count }, () => tug(["ps", "--format", "{{.Names}}"])),
  );
  for (const { code, stdout, stderr } of results) assert.deepEqual([code, stdout, stderr], [0, "", ""]);
}

/** What the engines that have given up have written into the log of an instance. */
function ends({ data }: TugInstance): string[] {
  const log = readFileSync(join(data, "engine.log"), "utf8");
  return log.split("\n").filter((line) => line.includes("engine.failed"));
}

/** Connects to the engine of an instance, and starts it where there is none. */
function connect({ data, run }: TugInstance, signal: AbortSignal) {
  return connectMachineEngine({
    paths: { data, run },
    packageDirectory: join(import.meta.dirname, "../.."),
    node: () => process.execPath,
    version: "0",
    build: "test",
    env: {},
    uid: 0,
    signal,
  });
}

/** `tug` from a command line that comes before it. */
function from(instance: TugInstance, before: readonly string[], ...args: string[]) {
  return runProgram([...before, helperPath, "front", ...args], instance.env);
}

describe("the first command", { skip }, () => {
  test(`${AT_ONCE} first commands at once start one engine process, and all succeed`, async () => {
    await using instance = await startTug();
    await firstCommands(instance, AT_ONCE);
    // One that finds another one's lock says so in the log before it ends.
    assert.deepEqual([engines(instance).length, ends(instance)], [1, []]);
  });

  test("also those that meet an engine that was killed, or one that was killed while it started", async () => {
    await using instance = await startTug();
    for (const moment of ["ready", "starts"]) {
      const first = firstCommands(instance, 1);
      const isReached = () => moment === "starts" || existsSync(join(instance.run, "engine.pid"));
      while (engines(instance).length === 0 || !isReached()) await delay(1);
      for (const pid of engines(instance)) process.kill(pid, "SIGKILL");
      await first.catch(() => undefined);
      await firstCommands(instance, 5);
      assert.deepEqual([engines(instance).length, ends(instance)], [1, []], moment);
      await instance.stopEngine("SIGKILL");
      for (const file of ["run", "data"] as const) await removeTree(instance[file]);
      await mkdir(instance.data, { mode: 0o711 });
    }
  });

  test("who gives up while another one has its turn to start an engine waits no longer", async () => {
    await using instance = await startTug();
    const { data } = instance;
    const lock = join(data, "engine.lock");
    await using _ = await holdTurn(lock);
    const giveUp = new AbortController();
    const refused = assert.rejects(connect(instance, giveUp.signal), { code: "CLIENT_CANCELED" });
    await until("its launcher waits", () => launchers(lock).length > 0);
    giveUp.abort();
    await refused;
    await until("its launcher ends", () => launchers(lock).length === 0);
    assert.deepEqual(engines(instance), []);
  });

  test("who gives up while its engine starts leaves the turn with it: nobody starts a second one", async () => {
    await using instance = await startTug();
    const giveUp = new AbortController();
    const refused = assert.rejects(connect(instance, giveUp.signal), { code: "CLIENT_CANCELED" });
    let engine: number | undefined;
    while (engine === undefined) {
      await delay(1);
      [engine] = engines(instance);
    }
    process.kill(engine, "SIGSTOP");
    giveUp.abort();
    await refused;
    const others = firstCommands(instance, 5);
    const lock = join(instance.data, "engine.lock");
    await until(
      "others wait for the engine",
      () => launchers(lock).length > 1 || engines(instance).length > 1,
    );
    process.kill(engine, "SIGCONT");
    await others;
    assert.deepEqual([engines(instance).length, ends(instance)], [1, []]);
  });

  test("a lock that others could hold is not used", async () => {
    await using instance = await startTug();
    const lock = join(instance.data, "engine.lock");
    const other = join(instance.directory, "other");
    const cases = [
      [() => symlink(other, lock), /engine\.lock: it is no file of its own/],
      [() => runProgram(["mkfifo", lock], {}), /engine\.lock: it is no file of its own/],
      [() => writeFile(lock, "").then(() => chown(lock, 1000, 0)), /engine\.lock: it belongs to user 1000/],
    ] as const;
    for (const [make, reason] of cases) {
      await make();
      const { code, stderr } = await instance.tug(["ps"]);
      assert.equal(code, 125);
      assert.match(stderr, reason);
      await rm(lock);
    }
    assert.equal(existsSync(other), false);
    await writeFile(lock, "", { mode: 0o644 });
    await firstCommands(instance, 1);
    assert.equal((await stat(lock)).mode & 0o777, 0o600);
  });

  test("an engine inherits nothing of the command that started it", async () => {
    await using instance = await startTug();
    await using groups = await enterGroups();
    const script = `for file in ${groups.files.join(" ")}; do echo 0 >$file; done
      umask 077; cd "${instance.directory}"; ulimit -S -n 99; ulimit -S -s 4096; trap "" HUP INT USR1
      export NODE_OPTIONS=--no-warnings LD_LIBRARY_PATH=/x TUG_TEST=1; exec 9>inherited; exec "$@"`;
    const before = ["taskset", "-c", "0", "nice", "-n", "5", "sh", "-c", script, "sh"];
    const { code, stderr } = await from(instance, before, "ps");
    assert.equal(code, 0, stderr);
    const pid = Number(readFileSync(join(instance.run, "engine.pid"), "utf8"));
    const proc = `/proc/${pid}`;
    const text = (name: string): string => readFileSync(`${proc}/${name}`, "utf8");
    const memberships = parseCgroup(text("cgroup"));
    for (const { path } of memberships) assert.equal(path, "/tug/engine");
    assert.ok(memberships.length > 0);
    assert.equal(readlinkSync(`${proc}/cwd`), "/");
    assert.deepEqual(
      text("environ")
        .split("\0")
        .filter((entry) => entry !== "")
        .map((entry) => entry.split("=")[0])
        .sort(),
      ["HOME", "LANG", "MALLOC_ARENA_MAX", "PATH"],
    );
    const own = readFileSync("/proc/self/status", "utf8");
    for (const name of ["Umask", "Cpus_allowed_list"]) {
      const line = new RegExp(`^${name}:\\s*(.*)$`, "m");
      assert.equal(line.exec(text("status"))?.[1], name === "Umask" ? "0022" : line.exec(own)?.[1], name);
    }
    const ignored = BigInt(`0x${/^SigIgn:\s*(\w+)$/m.exec(text("status"))?.[1]}`);
    for (const name of ["SIGHUP", "SIGINT", "SIGUSR1"] as const) {
      assert.equal((ignored >> BigInt(constants.signals[name] - 1)) & 1n, 0n, name);
    }
    const fields = text("stat")
      .slice(text("stat").lastIndexOf(")") + 2)
      .split(" ");
    const session = Number(fields[3]);
    assert.notEqual(session, Number(readFileSync("/proc/self/stat", "utf8").split(" ")[5]));
    assert.equal(fields[4], "0", "a terminal");
    assert.equal(fields[16], "0", "nice");
    assert.equal(parseProcessStat(text("stat")).parentPid === process.pid, false);
    const stack = (of: string): string => /^Max stack size\s+(\d+)/m.exec(of)?.[1] ?? "";
    assert.equal(stack(text("limits")), stack(readFileSync("/proc/1/limits", "utf8")));
    const descriptors = readdirSync(`${proc}/fd`).map((fd) => readlinkSync(`${proc}/fd/${fd}`));
    assert.ok(!descriptors.includes(join(instance.directory, "inherited")));
  });

  test("a caller with no_new_privs starts no engine and says why, and uses one that is there", async () => {
    await using instance = await startTug();
    const before = ["setpriv", "--no-new-privs"];
    const refused = await from(instance, before, "ps");
    assert.equal(refused.code, 125);
    assert.equal(refused.stdout, "");
    assert.match(
      refused.stderr,
      /^tug: cannot start the engine: the caller has no_new_privs, .*\n.*tug info\n$/,
    );
    assert.deepEqual(engines(instance), []);
    assert.equal((await instance.tug(["ps"])).code, 0);
    assert.equal((await from(instance, before, "ps")).code, 0);
  });

  test("a caller with ulimit -n 64 uses the engine that is there, and hands its limit on to none", async () => {
    await using instance = await startTug();
    const before = ["prlimit", "--nofile=64"];
    const first = await from(instance, before, "ps");
    const { effective } = parseProcessStatus(readFileSync("/proc/self/status", "utf8")).capabilities;
    const mayRaise = ((effective >> 24n) & 1n) === 1n;
    assert.equal(first.code, mayRaise ? 0 : 125, first.stderr);
    if (!mayRaise) assert.match(first.stderr, /the caller has resource limits that the engine would inherit/);
    assert.equal((await instance.tug(["ps"])).code, 0);
    assert.equal((await from(instance, before, "ps")).code, 0);
    const pid = readFileSync(join(instance.run, "engine.pid"), "utf8").trim();
    const limit = /^Max open files\s+\d+\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/limits`, "utf8"))?.[1];
    assert.ok(Number(limit) >= 1024);
  });

  test("an engine that was killed is replaced by the next command, whatever it left", async () => {
    await using instance = await startTug();
    assert.equal((await instance.tug(["ps"])).code, 0);
    const before = engines(instance);
    await instance.stopEngine("SIGKILL");
    assert.ok(existsSync(join(instance.run, "front.sock")));
    assert.equal((await instance.tug(["ps"])).code, 0);
    assert.equal(engines(instance).length, 1);
    assert.notDeepEqual(engines(instance), before);
  });

  test("its options are its own also where Node has the same", async () => {
    await using instance = await startTug();
    const file = join(instance.run, "absent");
    const { code, stderr } = await instance.tug(["run", "--env-file", file, "tug/hello"]);
    assert.equal(code, 125);
    assert.ok(stderr.startsWith(`tug: cannot read ${file} (--env-file): no such file or directory`), stderr);
  });

  test("a run directory that others could write is not used to start an engine in", async () => {
    await using instance = await startTug();
    await mkdir(instance.run);
    const cases = [
      [() => chmod(instance.run, 0o755), /others may enter it\n.*chmod 700/],
      [() => chown(instance.run, 1000, 0), /it belongs to user 1000/],
    ] as const;
    for (const [change, reason] of cases) {
      await change();
      const { code, stderr } = await instance.tug(["ps"]);
      assert.equal(code, 125);
      assert.match(stderr, reason);
      assert.deepEqual(readdirSync(instance.run), []);
    }
  });
});

/** A control group of the test's own in each hierarchy that lets it make one. */
async function enterGroups(): Promise<AsyncDisposable & { files: string[] }> {
  const name = `tug-front-${process.pid}`;
  const files: string[] = [];
  for (const [hierarchy, file] of [
    ["pids", "tasks"],
    ["memory", "tasks"],
    ["unified", "cgroup.procs"],
    ["", "cgroup.procs"],
  ] as const) {
    const parent = join("/sys/fs/cgroup", hierarchy);
    if (!existsSync(join(parent, "cgroup.procs"))) continue;
    await mkdir(join(parent, name));
    files.push(join(parent, name, file));
  }
  return {
    files,
    async [Symbol.asyncDispose]() {
      for (const file of files) {
        while (existsSync(join(file, ".."))) await rmdir(join(file, "..")).catch(() => delay(10));
      }
    },
  };
}
