import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { chmod, mkdir, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { parseMountinfo } from "../../src/host/index.ts";
import {
  type Container,
  container,
  counter,
  criuHas,
  dump,
  groupFile,
  groupOf,
  imagesOf,
  isDead,
  lacksCriu,
  listenForTerminal,
  restore,
  succeeded,
  until,
  withCriu,
} from "./harness/index.ts";

const skip = lacksCriu();

const numbers = (output: string): number[] => output.trimEnd().split("\n").map(Number);
const kept = ({ rootfs }: Container): number => Number(readFileSync(join(rootfs, "tmp/n"), "utf8"));

/** Options of the v2 hierarchy, which are those of all its mounts; undefined where the machine has version 1, too. */
const unifiedOptions = (): readonly string[] | undefined => {
  const mounts = parseMountinfo(readFileSync("/proc/self/mountinfo", "utf8"));
  if (mounts.some(({ type }) => type === "cgroup")) return undefined;
  return mounts.find(({ type }) => type === "cgroup2")?.superOptions;
};
const lacksDelegation = (): string | false =>
  unifiedOptions() === undefined ? "the machine has no control groups of version 2 alone" : false;

test("the machine's control groups keep nsdelegate", { skip: skip || lacksDelegation() }, async () => {
  execFileSync("mount", ["-o", "remount,nsdelegate", "/sys/fs/cgroup"]);
  await using made = await container({ args: counter });
  const { output } = succeeded(await made.run(["--detach"]));
  await until("it counts", () => numbers(output()).length > 3);
  succeeded(await dump(made, "--leave-running"));
  assert.ok(unifiedOptions()?.includes("nsdelegate"), "a dump that the container survives");
  assert.ok(!existsSync(join(made.root, made.id, "groups")));
  succeeded(await dump(made));
  assert.ok(unifiedOptions()?.includes("nsdelegate"), "a dump");
  const again = succeeded(await restore(made));
  await until("it counts on", () => numbers(again.output()).length > 3);
  assert.ok(unifiedOptions()?.includes("nsdelegate"), "a restore");
  succeeded(await made.delete("--force"));
  made.assertNothingLeft();
});

test("a dumped container is gone, and goes on where it was when it is restored", { skip }, async () => {
  const linux = { resources: { memory: { limit: 100_000_000n }, pids: { limit: 40n } } };
  await using made = await container({ args: counter, linux });
  const { output } = succeeded(await made.run(["--detach"]));
  await until("it counts", () => numbers(output()).length > 3);
  const { pid } = await made.state();
  succeeded(await dump(made));
  assert.ok(isDead(pid));
  made.assertNothingLeft();
  const last = numbers(output()).at(-1) ?? 0;
  const pidFile = join(made.directory, "pid");
  const again = succeeded(await restore(made, "--pid-file", pidFile));
  const state = await made.state();
  assert.equal(state.status, "running");
  assert.equal(Number(readFileSync(pidFile, "utf8")), state.pid);
  await until("it counts on", () => numbers(again.output()).length > 3);
  assert.equal(numbers(again.output())[0], last + 1);
  await until("its file counts, too", () => kept(made) > last);
  const group = groupOf(state.pid, "pids");
  assert.match(group?.directory ?? "", new RegExp(made.id));
  assert.equal(group && groupFile(group, "pids.max"), "40");
  const memory = groupOf(state.pid, "memory");
  const limit = memory && groupFile(memory, memory.version === 1 ? "memory.limit_in_bytes" : "memory.max");
  assert.equal(Math.floor(Number(limit) / 4096), Math.floor(100_000_000 / 4096));
  succeeded(await made.runtime(["exec", made.id, "true"]));
  succeeded(await made.runtime(["pause", made.id]));
  succeeded(await made.runtime(["resume", made.id]));
  succeeded(await made.delete("--force"));
  made.assertNothingLeft();
});

test("the container goes on after a dump if it is to, and can be restored later", { skip }, async () => {
  // A file that it had open and changed afterwards would, rightly, be refused.
  const talker = ["sh", "-c", "while :; do n=$((n+1)); echo $n; sleep 0.02; done"];
  await using made = await container({ args: talker });
  const { output } = succeeded(await made.run(["--detach"]));
  await until("it counts", () => output() !== "");
  succeeded(await dump(made, "--leave-running", "--work-path", "work"));
  assert.ok(existsSync(join(made.bundle, "work/dump.log")));
  assert.equal((await made.state()).status, "running");
  const seen = output().length;
  await until("it counts on", () => output().length > seen);
  succeeded(await made.delete("--force"));
  const again = succeeded(await restore(made));
  await until("it counts on", () => again.output() !== "");
});

test("memory is dumped before where the kernel can tell what changed, else that is said", {
  skip,
}, async () => {
  await using made = await container({ args: counter });
  succeeded(await made.run(["--detach"]));
  const before = ["checkpoint", "--pre-dump", "--image-path", join(made.directory, "before"), made.id];
  const { code, stderr } = await made.runtime([...withCriu, ...before]);
  assert.equal((await made.state()).status, "running");
  if (!criuHas("mem_dirty_track")) {
    assert.equal(code, 1);
    assert.match(stderr, /cannot use --pre-dump: criu and this kernel cannot track which memory was changed/);
    return;
  }
  assert.equal(code, 0, stderr);
  succeeded(await dump(made, "--parent-path", "../before"));
  assert.ok(existsSync(join(imagesOf(made), "parent")));
  const again = succeeded(await restore(made));
  await until("it counts on", () => again.output() !== "");
});

test("mounts come back as they were: volumes, what a link leads to, masks, read-only ones", {
  skip,
}, async () => {
  const volume = (destination: string, ...options: string[]) => ({
    destination,
    source: "../volume",
    type: "bind",
    options: ["rbind", ...options],
  });
  await using made = await container({
    args: counter,
    mounts: [
      volume("/data"),
      volume("/var/run/secret", "ro"),
      { destination: "/cgroup", type: "cgroup", source: "cgroup", options: ["ro"] },
    ],
    linux: {
      maskedPaths: ["/proc/keys", "/proc/timer_list", "/proc/acpi"],
      readonlyPaths: ["/proc/sys", "/proc/bus"],
    },
  });
  await mkdir(join(made.directory, "volume"));
  await writeFile(join(made.directory, "volume/file"), "kept\n");
  for (const name of ["var", "run"]) await mkdir(join(made.rootfs, name));
  await symlink("../run", join(made.rootfs, "var/run"));
  const { output } = succeeded(await made.run(["--detach"]));
  await until("it counts", () => output() !== "");
  const before = mountsOf((await made.state()).pid);
  succeeded(await dump(made));
  const again = succeeded(await restore(made));
  await until("it counts on", () => again.output() !== "");
  assert.deepEqual(mountsOf((await made.state()).pid), before);
  const words = ["cat", "/data/file", "/run/secret/file"];
  assert.equal(succeeded(await made.runtime(["exec", made.id, ...words])).stdout, "kept\nkept\n");
});

/** Where what is mounted, and whether it can be written. */
function mountsOf(pid: number): string[] {
  return parseMountinfo(readFileSync(`/proc/${pid}/mountinfo`, "utf8"))
    .map(({ mountPoint, type, options }) => `${mountPoint} ${type} ${options[0]}`)
    .sort();
}

test("hooks run around the dump and the restore", { skip }, async () => {
  await using made = await container({
    args: counter,
    change: (spec) => ({
      ...spec,
      hooks: {
        createRuntime: [hook("cat >>made; echo >>made")],
        poststop: [hook("cat >>stopped; echo >>stopped")],
      },
    }),
  });
  succeeded(await made.run(["--detach"]));
  succeeded(await dump(made));
  assert.equal(linesOf(join(made.bundle, "stopped")).length, 1);
  succeeded(await restore(made));
  const { pid } = await made.state();
  const [, second] = linesOf(join(made.bundle, "made"));
  assert.equal((JSON.parse(second ?? "") as { pid: number }).pid, pid);
});

function hook(script: string) {
  return { path: "/bin/sh", args: ["sh", "-c", script] };
}

function linesOf(path: string): string[] {
  return existsSync(path) ? readFileSync(path, "utf8").trimEnd().split("\n") : [];
}

test("a terminal is made anew and handed over", { skip }, async () => {
  await using made = await container({
    args: ["sh", "-c", "read a; echo first $a; read b; echo then $a $b; sleep 100"],
    process: { terminal: true },
  });
  const socket = join(made.directory, "console");
  {
    await using listener = await listenForTerminal(socket);
    succeeded(await made.run(["--detach", "--console-socket", socket]));
    await listener.name();
    listener.type("one\n");
    await listener.shows(/first one/);
    succeeded(await dump(made));
  }
  const other = join(made.directory, "other");
  await using listener = await listenForTerminal(other);
  succeeded(await restore(made, "--console-socket", other));
  await listener.name();
  listener.type("two\n");
  await listener.shows(/then one two/);
});

test("restore in the foreground ends as the program does, and nothing is left", { skip }, async () => {
  await using made = await container({
    args: ["sh", "-c", "while test ! -e /tmp/go; do sleep 0.02; done; echo done; exit 7"],
  });
  succeeded(await made.run(["--detach"]));
  succeeded(await dump(made));
  await writeFile(join(made.rootfs, "tmp/go"), "");
  const words = ["restore", "--image-path", imagesOf(made), made.id];
  const { code, stdout } = await made.runtime([...withCriu, ...words]);
  assert.deepEqual({ code, stdout }, { code: 7, stdout: "done\n" });
  made.assertNothingLeft();
});

test("a restore that fails tells criu's reason and leaves nothing", { skip }, async () => {
  await using made = await container({ args: counter });
  await mkdir(imagesOf(made));
  const missing = await restore(made);
  assert.equal(missing.code, 1);
  assert.match(missing.stderr, /cannot read .*\/images\/descriptors\.json: no such file or directory/);
  await writeFile(join(imagesOf(made), "descriptors.json"), '["a","b","c"]');
  const empty = await restore(made);
  assert.equal(empty.code, 1);
  assert.match(empty.stderr, /cannot restore the container: criu says: \S/);
  assert.match(empty.stderr, /the whole log is .*\/images\/restore\.log/);
  made.assertNothingLeft();
});

test("what is left when criu, or its caller, is killed while it restores can be deleted", {
  skip,
}, async () => {
  await using made = await container({
    args: counter,
    change: (spec) => ({ ...spec, hooks: { createRuntime: [hook("test ! -e kill || sh ./kill")] } }),
  });
  succeeded(await made.run(["--detach"]));
  succeeded(await dump(made));
  const criu = join(made.directory, "criu");
  await writeFile(criu, `#!/bin/sh\necho $$ >${criu}.pid\nexec ${withCriu[1]} "$@"\n`);
  await chmod(criu, 0o755);
  const words = ["--criu", criu, "restore", "--detach", "--image-path", imagesOf(made), made.id];
  await writeFile(join(made.bundle, "kill"), `kill -9 $(cat ${criu}.pid)`);
  const killed = await made.runtime(words);
  assert.equal(killed.code, 1);
  assert.match(killed.stderr, /cannot restore the container: /);
  made.assertNothingLeft();
  await writeFile(join(made.bundle, "kill"), "kill -9 $PPID");
  assert.notEqual((await made.runtime(words)).code, 0);
  succeeded(await made.delete("--force"));
  made.assertNothingLeft();
});

test("criu that dies while it dumps leaves a container that goes on", { skip }, async () => {
  await using made = await container({ args: counter });
  const { output } = succeeded(await made.run(["--detach"]));
  const criu = join(made.directory, "criu");
  await writeFile(criu, `#!/bin/sh\ntest $1 = swrk && kill -9 $$\nexec ${withCriu[1]} "$@"\n`);
  await chmod(criu, 0o755);
  const words = ["--criu", criu, "checkpoint", "--image-path", imagesOf(made), made.id];
  const { code, stderr } = await made.runtime(words);
  assert.equal(code, 1);
  assert.match(stderr, /cannot dump the container: .*killed by SIGKILL/);
  const seen = output().length;
  await until("it counts on", () => output().length > seen);
});

test("what cannot be dumped or restored is refused before anything is made", { skip }, async () => {
  await using made = await container({ args: ["sleep", "100"] });
  const wrong = async (words: readonly string[], reason: RegExp): Promise<void> => {
    const { code, stderr } = await made.runtime(words);
    assert.equal(code, 1, words.join(" "));
    assert.match(stderr, reason);
  };
  await wrong(["checkpoint", made.id], /does not exist/);
  await wrong(["--criu", "/none", "restore", made.id], /cannot find criu: \/none is no program/);
  const old = join(made.directory, "criu");
  await writeFile(old, "#!/bin/sh\necho Version: 3.11\n", { mode: 0o755 });
  await wrong(["--criu", old, "restore", made.id], /version 3\.11 is too old\ninstall criu/);
  await wrong(
    [...withCriu, "restore", made.id],
    /\/bundle\/checkpoint \(--image-path\): it is not a directory/,
  );
  succeeded(await made.create());
  await wrong(["checkpoint", made.id], /container cannot be checkpointed in created state/);
  succeeded(await made.start());
  const flags: readonly (readonly [string, string, RegExp])[] = [
    ["--empty-ns", "pid", /namespace "pid" is not supported/],
    ["--manage-cgroups-mode", "odd", /invalid value "odd" .*\nuse soft, full, strict, ignore/],
    ["--page-server", "here", /invalid value "here" .*\nuse ADDRESS:PORT/],
    ["--parent-path", "/before", /it must be relative/],
    ["--parent-path", "before", /cannot use --parent-path before: .* is not a directory/],
    ["--status-fd", "2", /it is no descriptor from 3 on/],
  ];
  for (const [flag, value, reason] of flags)
    await wrong([...withCriu, "checkpoint", flag, value, made.id], reason);
  await wrong([...withCriu, "restore", made.id], /is not a directory|exists already/);
  assert.equal((await made.state()).status, "running");
  assert.deepEqual(readdirSync(made.bundle).sort(), ["config.json", "rootfs"]);
});

test("a stream that a shell has put aside when it is dumped is the restorer's afterwards", {
  skip,
}, async () => {
  const wait = "{ touch /tmp/in; while test ! -e /tmp/go; do sleep 0.02; done; } >/tmp/aside";
  await using made = await container({ args: ["sh", "-c", `${wait}; echo back; sleep 100`] });
  succeeded(await made.run(["--detach"]));
  await until("it writes elsewhere", () => existsSync(join(made.rootfs, "tmp/in")));
  succeeded(await dump(made));
  const again = succeeded(await restore(made));
  await writeFile(join(made.rootfs, "tmp/go"), "");
  await until("it writes to the new stream", () => again.output() === "back\n");
});
