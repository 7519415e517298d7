import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { constants } from "node:os";
import { test } from "node:test";
import { requireRoot } from "../environment/requirements.ts";
import { temporaryDirectory } from "../environment/temporary.ts";
import { failureOf, inside, run, slot, type TestOp } from "./driver.ts";

const skip = requireRoot();
const { ECHILD, ENOENT, EPROTO, ETIMEDOUT } = constants.errno;

type Call = Extract<TestOp, { op: "callRuntime" }>;

const shell = (directory: { path: string }, script: string, more: Partial<Call> = {}): Call => ({
  op: "callRuntime",
  what: "try",
  path: "/bin/sh",
  args: ["runtime", "-c", script],
  env: ["PATH=/usr/bin:/bin"],
  timeout: 60,
  log: inside(directory, "log"),
  mounts: [],
  places: [],
  ...more,
});

test("a runtime gets its words, exactly its environment, and the null device unless streams are asked for", async () => {
  await using directory = await temporaryDirectory();
  const script = 'echo "$0 $A $(pwd) $(umask)" $(env | cut -d= -f1 | sort); readlink /proc/$$/fd/0';
  const more = { env: ["A=b", "PATH=/usr/bin:/bin"], directory: directory.path };
  const silent = await run({ host: [shell(directory, `${script} > quiet`, more)] });
  assert.deepEqual([silent.failure, silent.stdout], [undefined, ""]);
  assert.equal(readFileSync(inside(directory, "quiet"), "utf8"), "/dev/null\n");
  const { stdout } = await run({ host: [shell(directory, script, { ...more, flags: 1 })] }, { input: "" });
  assert.match(stdout, new RegExp(`^runtime b ${directory.path} 0022 A PATH PWD\nsocket:`));
});

test("a bad end comes with the end of the log, and an older log is gone", async () => {
  await using directory = await temporaryDirectory();
  const log = inside(directory, "log");
  writeFileSync(log, "of another time");
  const silent = await failureOf({ host: [shell(directory, "exit 3")] });
  assert.deepEqual([silent.status, silent.path, silent.call], [3 << 8, "", "callRuntime"]);
  const words = await failureOf({ host: [shell(directory, `echo words > ${log}; kill -9 $$`)] });
  assert.deepEqual([words.status, words.path], [9, "words\n"]);
  const long = await failureOf({ host: [shell(directory, `yes 123456789 | head -n 1000 > ${log}; exit 1`)] });
  assert.equal(long.path, "123456789\n".repeat(300));
});

test("a program that is not there, and one that takes too long, are told apart", async () => {
  await using directory = await temporaryDirectory();
  const missing = await failureOf({ host: [shell(directory, "", { path: "/no/such" })] });
  assert.deepEqual([missing.errno, missing.call], [ENOENT, "execve"]);
  const pid = inside(directory, "pid");
  const slow = shell(directory, `sleep 900 & echo $! > ${pid}; wait`, { timeout: 1 });
  assert.equal((await failureOf({ host: [slow] })).errno, ETIMEDOUT);
  const child = readFileSync(pid, "utf8").trim();
  while (
    existsSync(`/proc/${child}`) &&
    !/^State:\s+[ZX]/m.test(readFileSync(`/proc/${child}/status`, "utf8"))
  );
});

test("mounts are the runtime's own: the host does not see them", { skip }, async () => {
  await using directory = await temporaryDirectory();
  const [source, place] = ["source", "place"].map((name) => inside(directory, name)) as [string, string];
  for (const path of [source, place]) mkdirSync(path);
  writeFileSync(`${source}/file`, "text");
  const call = shell(directory, `cat ${place}/file`, { flags: 1, mounts: [slot(0)], places: [place] });
  const { stdout, failure } = await run({
    host: [{ op: "cloneMount", path: source, out: slot(0) }, call],
  });
  assert.deepEqual([stdout, failure], ["text", undefined]);
  assert.ok(!existsSync(`${place}/file`));
});

test("only a child of who called is taken over", { skip }, async () => {
  await using directory = await temporaryDirectory();
  const pidFile = inside(directory, "pid");
  const adopt = (text: string) => {
    writeFileSync(pidFile, text);
    return { host: [{ op: "adoptInit", pidFile }] as const };
  };
  for (const text of ["", "x", "12x", "-1", "1", "99999999999"]) {
    assert.equal((await failureOf(adopt(text))).errno, EPROTO, text);
  }
  assert.equal((await failureOf(adopt(String(process.pid)))).errno, ECHILD);
  const child = spawn("sleep", ["900"]);
  try {
    assert.equal((await run(adopt(`${child.pid}\n`))).pid, child.pid);
  } finally {
    child.kill("SIGKILL");
  }
});
