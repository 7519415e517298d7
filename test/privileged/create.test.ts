import assert from "node:assert/strict";
import { chmodSync, existsSync, mkdirSync, readFileSync, readlinkSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { container, differs, isDead, leftovers, skip, succeeded, until } from "./harness/index.ts";

test("a created container's program waits for start; then it runs, ends, and can be deleted", {
  skip,
}, async () => {
  await using made = await container({
    args: ["sh", "-c", "echo begun; until [ -e /tmp/go ]; do sleep 0.01; done; exit 3"],
  });
  const created = succeeded(await made.create());
  const before = await made.state();
  assert.equal(before.status, "created");
  assert.equal(isDead(before.pid), false);
  assert.ok(existsSync(`/proc/${before.pid}/root/bin/probe`), "init waits inside its root");
  assert.equal(created.output(), "");
  succeeded(await made.start());
  await until("the program has begun", () => created.output().includes("begun"));
  const { status, pid } = await made.state();
  assert.deepEqual([status, pid], ["running", before.pid]);
  writeFileSync(join(made.rootfs, "tmp/go"), "");
  await made.stopped();
  assert.equal((await made.state()).status, "stopped");
  succeeded(await made.delete());
  made.assertNothingLeft();
});

test("start is for created containers only", {
  skip: skip || differs({ crun: "has words of its own" }),
}, async () => {
  await using made = await container({ args: ["sleep", "100"] });
  const missing = await made.start();
  assert.notEqual(missing.code, 0);
  assert.match(missing.stderr, /does not exist/);
  succeeded(await made.create());
  succeeded(await made.start());
  const twice = await made.start();
  assert.notEqual(twice.code, 0);
  assert.match(twice.stderr, /cannot start an already running container|already running/);
  succeeded(await made.kill("KILL"));
  await made.stopped();
  const late = await made.start();
  assert.notEqual(late.code, 0);
  assert.match(late.stderr, /cannot start a container that has stopped/);
});

test("of several starts at once one succeeds", { skip }, async () => {
  await using made = await container({ args: ["sleep", "100"] });
  succeeded(await made.create());
  const outcomes = await Promise.all([1, 2, 3, 4].map(() => made.start()));
  assert.deepEqual(outcomes.map(({ code }) => code === 0).sort(), [false, false, false, true]);
  assert.equal((await made.state()).status, "running");
});

test("a container that was killed before start has stopped", { skip }, async () => {
  await using made = await container({ args: ["sleep", "100"] });
  succeeded(await made.create());
  succeeded(await made.kill("KILL"));
  await made.stopped();
  assert.equal((await made.state()).status, "stopped");
  assert.notEqual((await made.start()).code, 0);
});

const unusable = [
  ["is nowhere on PATH", "nosuch", /"?nosuch"?.*(executable file not found|not found) in \$PATH/],
  ["has a path that does not exist", "/nosuch", /nosuch.*no such file or directory/i],
  ["is below a file", "/etc/passwd/x", /not a directory/i],
  ["may not be executed", "/etc/passwd", /permission denied|not found|executable/i],
  ["is a directory", "/etc", /is a directory|not a regular file/i],
] as const;

for (const [what, program, pattern] of unusable) {
  test(`create fails where the program ${what} (rules: program-checked-before-created, failure-awaited)`, {
    skip,
  }, async () => {
    await using made = await container({ args: [program] });
    const { code, stderr } = await made.create();
    assert.notEqual(code, 0);
    assert.match(stderr, pattern);
    made.assertNothingLeft();
  });
}

test("create tells why a program cannot run in the words that callers of runc look for", {
  skip: skip || differs({ crun: "has words of its own" }),
}, async () => {
  for (const [program, words] of [
    ["nosuch", 'exec: "nosuch": executable file not found in $PATH'],
    ["/etc/passwd", 'exec: "/etc/passwd": permission denied'],
    ["/etc", 'exec: "/etc": is a directory'],
  ] as const) {
    await using made = await container({ args: [program] });
    const { stderr } = await made.create();
    assert.ok(stderr.replaceAll('\\"', '"').includes(words), stderr);
  }
});

test("a program on PATH that may not be executed is passed over", { skip }, async () => {
  await using made = await container({ args: ["tool"], process: { env: ["PATH=/first:/bin"] } });
  const first = join(made.rootfs, "first");
  mkdirSync(first);
  writeFileSync(join(first, "tool"), "no program", { mode: 0o644 });
  writeFileSync(join(made.rootfs, "bin/tool"), "#!/bin/sh\necho the other\n", { mode: 0o755 });
  chmodSync(join(made.rootfs, "bin/tool"), 0o755);
  assert.equal(succeeded(await made.run()).stdout, "the other\n");
});

test("start tells why the program could not be executed: it went away, or is no program", {
  skip: skip || differs({ runc: "loses it", crun: "loses it" }),
}, async () => {
  for (const [break_, words] of [
    [(path: string) => rmSync(path), /exec: "\/bin\/probe": no such file or directory/],
    [(path: string) => writeFileSync(path, "not a program\n"), /exec: "\/bin\/probe": exec format error/],
    [(path: string) => chmodSync(path, 0o644), /exec: "\/bin\/probe": permission denied/],
  ] as const) {
    await using made = await container({ args: ["/bin/probe"] });
    succeeded(await made.create());
    break_(join(made.rootfs, "bin/probe"));
    const { code, stderr } = await made.start();
    assert.notEqual(code, 0);
    assert.match(stderr, words);
    await made.stopped();
    succeeded(await made.delete());
    made.assertNothingLeft();
  }
});

test("a script without its interpreter fails, in the foreground too", { skip }, async () => {
  for (const content of ["#!/no/such/interpreter\n", "no program at all\n"]) {
    await using made = await container({ args: ["/script"] });
    writeFileSync(join(made.rootfs, "script"), content);
    chmodSync(join(made.rootfs, "script"), 0o755);
    const { code, stderr } = await made.run();
    assert.notEqual(code, 0);
    assert.match(stderr, /no such file or directory|exec format error/i);
    made.assertNothingLeft();
  }
});

test("the pid file holds the process id of the program, as state does (rule: pid-known)", {
  skip,
}, async () => {
  await using made = await container({ args: ["sleep", "100"] });
  const path = join(made.directory, "pid");
  writeFileSync(path, "old content that is longer than any pid");
  succeeded(await made.create(["--pid-file", path]));
  const pid = readFileSync(path, "utf8");
  assert.match(pid, /^\d+$/);
  assert.equal(Number(pid), (await made.state()).pid);
  assert.notEqual(readlinkSync(`/proc/${pid}/ns/pid`), readlinkSync("/proc/self/ns/pid"));
});

test("a pid file that cannot be written is an error, and nothing stays", { skip }, async () => {
  await using made = await container({ args: ["sleep", "100"] });
  const { code, stderr } = await made.create(["--pid-file", "/nonexistent/pid"]);
  assert.notEqual(code, 0);
  assert.match(stderr, /\/nonexistent/);
  made.assertNothingLeft();
});

test("an id is taken once: the second create fails and harms nobody", { skip }, async () => {
  await using made = await container({ args: ["sleep", "100"] });
  succeeded(await made.create());
  const { pid } = await made.state();
  const second = await made.create();
  assert.notEqual(second.code, 0);
  assert.match(second.stderr, /exist/);
  assert.deepEqual([(await made.state()).pid, isDead(pid)], [pid, false]);
  assert.ok(leftovers(made).some((line) => line.startsWith("control group")));
});

test("of several creates at once one succeeds", { skip }, async () => {
  await using made = await container({ args: ["sleep", "100"] });
  const outcomes = await Promise.all([1, 2, 3].map(() => made.create()));
  assert.deepEqual(outcomes.map(({ code }) => code === 0).sort(), [false, false, true]);
  assert.equal((await made.state()).status, "created");
});

for (const id of ["", ".", "..", "a/b", "/absolute", "a b", "a\nb", "ä", "a:b"]) {
  test(`id ${JSON.stringify(id)} is refused`, {
    skip: skip || differs({ crun: "has no rule for ids" }),
  }, async () => {
    await using made = await container();
    const { code, stderr } = await made.runtime(["create", id]);
    assert.notEqual(code, 0);
    assert.match(stderr, /id|empty/i);
    made.assertNothingLeft();
  });
}

test("an id may have letters, digits, and _ + - .", { skip }, async () => {
  await using made = await container();
  const id = `${made.id}_A+b-c.d`;
  succeeded(await made.runtime(["run", id]));
  made.assertNothingLeft();
});

test("what waits for start has a name that tells what it is", {
  skip: skip || differs({ runc: "is called runc init", crun: "has no title" }),
}, async () => {
  await using made = await container({ args: ["sleep", "100"] });
  succeeded(await made.create());
  const { pid } = await made.state();
  assert.equal(readFileSync(`/proc/${pid}/cmdline`, "utf8").replace(/\0+$/, ""), `tug:[init] ${made.id}`);
});
