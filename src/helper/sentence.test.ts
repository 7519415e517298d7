import assert from "node:assert/strict";
import { constants } from "node:os";
import { test } from "node:test";
import { errnoOf } from "../base/index.ts";
import type { Op, Plan } from "../plan/index.ts";
import type { Failure } from "./answer.ts";
import { failureError } from "./sentence.ts";

const { EACCES, EISDIR, ENOENT, ENOEXEC, EPERM, ETIMEDOUT } = constants.errno;

/** What is said when an op of the init list fails. */
function sentence(op: Op, failure: Partial<Failure>): string {
  const plan: Plan = { host: [], stage: [], init: [op] };
  const call = op.op === "exec" ? "execve" : "";
  const whole: Failure = { list: "init", index: 0, errno: 0, status: 0, call, path: "", ...failure };
  return failureError(plan, whole).message;
}

const find: Op = { op: "findProgram", from: "/process/args/0", program: "x", path: "/bin" };
const exec: Op = { op: "exec", from: "/process/args", args: ["/x"], env: [] };
const mount: Op = { op: "attach", from: "/mounts/3", root: 0 as never, mount: 1 as never, target: "/data" };
const hook: Op = { op: "hook", from: "/hooks/prestart/0", path: "/h", args: [], env: [], input: "" };

test("what cannot be executed is told in the words that callers of runc look for", () => {
  for (const [op, failure, reason] of [
    [
      find,
      { errno: ENOENT, path: "x" },
      'cannot run x (config.json#/process/args/0): exec: "x": executable file not found in $PATH',
    ],
    [
      { ...find, program: "/x" },
      { errno: ENOENT, path: "/x" },
      'cannot run /x (config.json#/process/args/0): exec: "/x": no such file or directory',
    ],
    [
      { ...find, program: "/x" },
      { errno: EACCES, path: "/x" },
      'cannot run /x (config.json#/process/args/0): exec: "/x": permission denied',
    ],
    [
      { ...find, program: "/x" },
      { errno: EISDIR, path: "/x" },
      'cannot run /x (config.json#/process/args/0): exec: "/x": is a directory',
    ],
    [
      exec,
      { errno: ENOEXEC, path: "/x" },
      'cannot run the program (config.json#/process/args): exec: "/x": exec format error',
    ],
    [
      { ...exec, args: ["x"] },
      { errno: ENOEXEC, path: "/bin/x" },
      'cannot run the program (config.json#/process/args): exec: "x": /bin/x: exec format error',
    ],
  ] as const) {
    assert.equal(sentence(op as Op, failure), reason);
  }
});

test("a failure tells the object of its call unless the sentence has it already", () => {
  assert.equal(
    sentence(mount, { errno: EPERM, path: "/data" }),
    "cannot mount /data (config.json#/mounts/3): operation not permitted",
  );
  assert.equal(
    sentence(mount, { errno: EPERM, path: "/x" }),
    "cannot mount /data (config.json#/mounts/3): /x: operation not permitted",
  );
  assert.equal(
    sentence(mount, { errno: EISDIR, path: "/data" }),
    "cannot mount /data (config.json#/mounts/3): a directory is there, and the source is not a directory",
  );
});

test("a process that ended badly is told by its exit code or signal, a late one as late", () => {
  assert.match(sentence(hook, { status: 3 << 8, path: "/h" }), /: it exited with 3$/);
  assert.match(sentence(hook, { status: 9, path: "/h" }), /: it was killed by SIGKILL$/);
  assert.match(sentence(hook, { errno: ETIMEDOUT, path: "/h" }), /: timed out$/);
});

test("what the kernel does not support is named as the kernel does, whatever libuv calls it", () => {
  const plan: Plan = { host: [], stage: [], init: [find] };
  const failure = { list: "init", index: 0, status: 0, call: "netlink", path: "" } as const;
  const { details } = failureError(plan, { ...failure, errno: constants.errno.EOPNOTSUPP });
  assert.equal(details.errno, "EOPNOTSUPP");
  assert.equal(errnoOf(Object.assign(new Error(), { code: "ENOTSUP" })), "EOPNOTSUPP");
});

test("the code of a missing program differs from that of one that cannot be executed", () => {
  const plan: Plan = { host: [], stage: [], init: [find] };
  const failure = { list: "init", index: 0, status: 0, call: "findProgram", path: "x" } as const;
  assert.equal(failureError(plan, { ...failure, errno: ENOENT }).code, "RUNTIME_PROGRAM_NOT_FOUND");
  assert.equal(failureError(plan, { ...failure, errno: EACCES }).code, "RUNTIME_PROGRAM_NOT_EXECUTABLE");
});

test("a failure after start is told by its call: the plan of start does not have the op", () => {
  const plan: Plan = {
    host: [{ op: "start", from: "start", fifo: "/s", status: "/e" }],
    stage: [],
    init: [],
  };
  const failure = { list: "init", index: 40, errno: ENOEXEC, status: 0, path: "/x" } as const;
  const { message, code } = failureError(plan, { ...failure, call: "execve" });
  assert.equal(message, 'cannot run the program (config.json#/process/args): exec: "/x": exec format error');
  assert.equal(code, "RUNTIME_PROGRAM_NOT_EXECUTABLE");
  const hooked = failureError(plan, { ...failure, call: "hook", errno: 0, status: 256 });
  assert.equal(hooked.message, "cannot run hook /x (config.json#/hooks/startContainer): it exited with 1");
  const filter = failureError(plan, { ...failure, call: "seccomp", errno: EPERM, path: "" });
  assert.match(filter.message, /^cannot load the system call filter \(config\.json#\/linux\/seccomp\)/);
  assert.equal(failureError({ ...plan, host: [] }, { ...failure, call: "execve" }).code, "HELPER_PROTOCOL");
});

test("a directory that a mount does not have is told from the mount's own place", () => {
  const part: Op = { ...mount, inside: "a/b" };
  const say = (path: string) => sentence(part, { errno: ENOENT, call: "openat2", path });
  assert.equal(
    say("a/b"),
    "cannot mount /data (config.json#/mounts/3): its subpath a/b: no such file or directory",
  );
  assert.equal(say("/data"), "cannot mount /data (config.json#/mounts/3): no such file or directory");
});
