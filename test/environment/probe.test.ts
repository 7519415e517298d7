import assert from "node:assert/strict";
import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, readFileSync, readlinkSync, writeFileSync } from "node:fs";
import { hostname } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { test } from "node:test";
import { probeLines, probeProgram, probeReport } from "./probe.ts";
import { temporaryDirectory } from "./temporary.ts";

const probe = probeProgram();
const options = { skip: probe.skip };
const run = (...args: string[]) => execFileSync(probe.path, args, { encoding: "utf8" });

test("the report agrees with what this process, its parent, sees", options, () => {
  const report = probeReport(
    execFileSync(probe.path, ["report"], { encoding: "utf8", cwd: "/proc", env: { A: "é", B: '"\\' } }),
  );
  const status = readFileSync("/proc/self/status", "utf8");
  const field = (name: string) => new RegExp(`^${name}:\\s*(.*)$`, "m").exec(status)?.[1];
  assert.equal(report.ppid, process.pid);
  assert.deepEqual(report.environment, ["A=é", 'B="\\']);
  assert.deepEqual(report.arguments, [probe.path, "report"]);
  assert.equal(report.cwd, "/proc");
  assert.equal(report.hostname, hostname());
  assert.equal(report.umask, process.umask());
  assert.equal(report.capabilities.bounding, field("CapBnd"));
  assert.equal(report.capabilities.permitted, field("CapPrm"));
  assert.equal(String(report.noNewPrivileges), field("NoNewPrivs"));
  assert.equal(report.namespaces.mnt, readlinkSync("/proc/self/ns/mnt"));
  assert.deepEqual(report.mounts, readFileSync("/proc/self/mountinfo", "utf8").trim().split("\n"));
  assert.deepEqual(report.terminals, [null, null, null]);
});

test("verbs say what they found or the name of the error", options, async () => {
  await using directory = await temporaryDirectory();
  const path = (name: string) => join(directory.path, name);
  writeFileSync(path("file"), "content\n", { mode: 0o640 });
  mkdirSync(path("empty"));
  const [read, list, stat, missing, create, again, bad] = probeLines(
    run(
      ...[
        "read",
        path("file"),
        ",",
        "list",
        directory.path,
        ",",
        "stat",
        path("file"),
        ",",
        "open",
        path("none"),
        ",",
      ],
      ...["create", path("new"), "text", ",", "create", path("new"), "text", ",", "syscall", "100000"],
    ),
  );
  assert.deepEqual(read, { verb: "read", content: "content\n", errno: null });
  assert.deepEqual(list?.names, ["empty", "file"]);
  assert.deepEqual([stat?.type, stat?.mode, stat?.size], ["file", 0o640, 8]);
  assert.deepEqual(missing, { verb: "open", errno: "ENOENT" });
  assert.equal(create?.errno, null);
  assert.equal(again?.errno, "EEXIST");
  assert.equal(bad?.errno, "ENOSYS");
});

test("attributes and bytes are written and read as hexadecimal digits", options, async () => {
  await using directory = await temporaryDirectory();
  writeFileSync(join(directory.path, "file"), "");
  const output = run(
    ...["attribute", join(directory.path, "file"), "user.note", "00ff20", ","],
    ...[
      "attributes",
      join(directory.path, "file"),
      ",",
      "bytes",
      "1",
      "6869200a",
      ",",
      "flood",
      "1",
      "70000",
    ],
  );
  const [set, get] = probeLines(output);
  assert.equal(set?.errno, null);
  assert.deepEqual(get?.attributes, { "user.note": "00ff20" });
  assert.ok(output.includes("hi \n"));
  assert.match(output, /x{70000}/);
});

test("exec replaces it, under the filter that it installed", options, () => {
  const setup = process.getuid?.() === 0 ? ["filter", ","] : [];
  const output = run(...setup, "exec", probe.path, "report", ",", "exit", "0");
  assert.equal(probeReport(output).seccomp, setup.length === 0 ? 0 : 2);
});

test("exit ends it at once with the given code, and a misuse with 2", options, () => {
  assert.throws(() => run("exit", "42", ",", "report"), { status: 42, stdout: "" });
  assert.throws(() => run("nonsense"), { status: 2 });
  assert.throws(() => run("read"), { status: 2 });
});

test("catch prints each signal that comes until the last", options, async () => {
  const child = spawn(probe.path, ["catch", "TERM", ",", "exit", "7"], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const lines: string[] = [];
  const exited = once(child, "exit");
  for await (const line of createInterface(child.stdout)) {
    lines.push(line);
    if (line.includes('"ready"')) child.kill("SIGUSR1");
    if (line.includes('"USR1"')) child.kill("SIGTERM");
  }
  const caught = probeLines(lines.join("\n")).map((line) => line.signal ?? line.last ?? line.ready);
  assert.deepEqual(caught, [true, "USR1", "TERM", "TERM"]);
  assert.deepEqual(await exited, [7, null]);
});
