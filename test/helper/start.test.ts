import assert from "node:assert/strict";
import type { ChildProcess } from "node:child_process";
import { existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { constants } from "node:os";
import { test } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { CREATED_BARRIER } from "../../src/plan/index.ts";
import { requireRoot } from "../environment/requirements.ts";
import { temporaryDirectory } from "../environment/temporary.ts";
import { type BoxParts, boxPlan, makeRootfs } from "./box.ts";
import { failureOf, inside, run, slot, type TestOp } from "./driver.ts";

const skip = requireRoot();
const { ENOENT, ESRCH } = constants.errno;

/** A container that is created and waits for its start, and the plans for what may follow. */
async function createBox(directory: { path: string }, script: string, parts: BoxParts = {}) {
  const rootfs = await makeRootfs(directory.path);
  const [fifo, status] = [inside(directory, "start"), inside(directory, "status")];
  const plan = boxPlan(rootfs, script, {
    ...parts,
    host: [
      { op: "fifo", path: fifo, out: slot(8) },
      { op: "fifo", path: status, out: slot(9) },
      ...(parts.host ?? []),
    ],
    final: [{ op: "awaitStart", start: slot(8), status: slot(9) }, ...(parts.final ?? [])],
  });
  const host = (plan.host ?? []).filter(({ op }) => op !== "awaitExec" && op !== "waitExit");
  const outcome = await run(
    { ...plan, host: [...host, { op: "await", barrier: CREATED_BARRIER }] },
    { output: false },
  );
  const start: TestOp = { op: "start", fifo, status };
  return { ...outcome, pid: outcome.pid ?? 0, rootfs, fifo, status, start };
}

test("a created container waits, outlives its helper, and runs when it is started", { skip }, async () => {
  await using directory = await temporaryDirectory();
  const box = await createBox(directory, "echo started > /tmp/out");
  assert.equal(box.failure, undefined);
  assert.match(readFileSync(`/proc/${box.pid}/cmdline`, "latin1"), /^tug:\[init\]/);
  assert.ok(!existsSync(`${box.rootfs}/tmp/out`));
  assert.equal((await run({ host: [box.start] })).failure, undefined);
  await endOf(box.pid);
  assert.equal(readFileSync(`${box.rootfs}/tmp/out`, "utf8"), "started\n");
  assert.ok(!existsSync(box.fifo));
  assert.equal((await failureOf({ host: [box.start] })).errno, ENOENT);
});

test("start reports why exec failed, with the place in the plan that created the container", {
  skip,
}, async () => {
  await using directory = await temporaryDirectory();
  const box = await createBox(directory, "", { exec: { op: "exec", args: ["/etc/gone"], env: [] } });
  const failure = await failureOf({ host: [box.start] });
  assert.deepEqual(
    [failure.list, failure.call, failure.errno, failure.path],
    ["init", "execve", ENOENT, "/etc/gone"],
  );
  await endOf(box.pid);
});

test("a program that ends at once is a success, an init that was killed is none", { skip }, async () => {
  for (let round = 0; round < 20; round++) {
    await using directory = await temporaryDirectory();
    const box = await createBox(directory, "", { exec: { op: "exec", args: ["/bin/true"], env: [] } });
    assert.equal((await run({ host: [box.start] })).failure, undefined);
  }
  await using directory = await temporaryDirectory();
  const box = await createBox(directory, "true");
  process.kill(box.pid, "SIGKILL");
  await endOf(box.pid);
  assert.equal((await failureOf({ host: [box.start] })).errno, ESRCH);
});

test("an init that is killed after the start byte is told from a success", { skip }, async () => {
  await using directory = await temporaryDirectory();
  const hook: TestOp = {
    op: "hook",
    path: "/bin/sh",
    args: ["sh", "-c", "kill -9 $PPID; sleep 100"],
    env: [],
    input: "",
  };
  const box = await createBox(directory, "true", { final: [{ op: "becomeInit", title: "x" }, hook] });
  const { failure } = await run({ host: [box.start] });
  assert.deepEqual([failure?.errno, failure?.call], [ESRCH, "read"]);
  await endOf(box.pid);
});

test("what must come between start and program is done then", { skip }, async () => {
  await using directory = await temporaryDirectory();
  const hook: TestOp = {
    op: "hook",
    path: "/bin/sh",
    args: ["sh", "-c", "cat > /tmp/hook"],
    env: ["PATH=/bin"],
    input: '{"pid":%p}',
  };
  const box = await createBox(directory, "cat /tmp/hook > /tmp/out", { final: [hook] });
  assert.ok(!existsSync(`${box.rootfs}/tmp/hook`));
  assert.equal((await run({ host: [box.start] })).failure, undefined);
  await endOf(box.pid);
  assert.equal(readFileSync(`${box.rootfs}/tmp/out`, "utf8"), '{"pid":1}');
});

test("becomeInit reaps, passes signals on and ends as the program does", { skip }, async () => {
  await using directory = await temporaryDirectory();
  const rootfs = await makeRootfs(directory.path);
  const final: TestOp[] = [{ op: "becomeInit", title: "tug:[init] x" }];
  const orphans = await run(
    boxPlan(rootfs, "(sleep 0.05 & ); sleep 0.2; ps -eo stat,comm | grep -c Z; echo $$ $PPID; exit 9", {
      final,
    }),
  );
  assert.equal(orphans.stdout, "0\n2 1\n");
  assert.equal(orphans.waitStatus, 9 << 8);
  const killed = await run(boxPlan(rootfs, "kill -SEGV $$", { final }));
  assert.equal(killed.waitStatus, (128 + 11) << 8);
  rmSync(`${rootfs}/tmp/ready`, { force: true });
  const trap = "trap 'echo got; exit 5' TERM; echo > /tmp/ready; while :; do sleep 0.01; done";
  const forwarded = await run(boxPlan(rootfs, trap, { final }), {
    onCreated: async (pid) => {
      while (!existsSync(`${rootfs}/tmp/ready`)) await delay(5);
      process.kill(pid, "SIGTERM");
    },
  });
  assert.deepEqual([forwarded.stdout, forwarded.waitStatus], ["got\n", 5 << 8]);
});

test("waitExit passes signals on to the container", { skip }, async () => {
  await using directory = await temporaryDirectory();
  const rootfs = await makeRootfs(directory.path);
  const plan = boxPlan(
    rootfs,
    "trap 'echo got; exit 5' USR1; echo > /tmp/ready; while :; do sleep 0.01; done",
  );
  const host = (plan.host ?? []).map((op) => (op.op === "waitExit" ? { ...op, forward: 1 } : op));
  let helper = 0;
  const { stdout, waitStatus } = await run(
    { ...plan, host },
    {
      onStarted: (child) => (helper = child.pid ?? 0),
      onCreated: async () => {
        while (!existsSync(`${rootfs}/tmp/ready`)) await delay(5);
        process.kill(helper, "SIGUSR1");
      },
    },
  );
  assert.deepEqual([stdout, waitStatus], ["got\n", 5 << 8]);
});

test("a signal that comes before the container waits for its turn", { skip }, async () => {
  await using directory = await temporaryDirectory();
  const plan = boxPlan(await makeRootfs(directory.path), "exit 5");
  const host = (plan.host ?? []).map((op) => (op.op === "waitExit" ? { ...op, forward: 1 } : op));
  let helper: ChildProcess | undefined;
  const { waitStatus } = await run(
    { ...plan, host },
    { onStarted: (child) => (helper = child), onCreated: () => void helper?.kill("SIGUSR1") },
  );
  assert.equal(waitStatus, 5 << 8);
});

test("of two that start a container, one is told that it was too late", { skip }, async () => {
  await using directory = await temporaryDirectory();
  const box = await createBox(directory, "sleep 0.2");
  const outcomes = await Promise.all([run({ host: [box.start] }), run({ host: [box.start] })]);
  assert.equal(outcomes.filter(({ failure }) => failure === undefined).length, 1);
  await endOf(box.pid);
  writeFileSync(inside(directory, "end"), "");
});

/** Waits until a process has ended, reaped or not. */
async function endOf(pid: number): Promise<void> {
  const state = () => {
    try {
      return readFileSync(`/proc/${pid}/stat`, "utf8").split(") ").at(-1)?.[0];
    } catch {
      return "Z";
    }
  };
  while (state() !== "Z") await delay(5);
}
