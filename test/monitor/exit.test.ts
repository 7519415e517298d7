import assert from "node:assert/strict";
import { once } from "node:events";
import { existsSync, readFileSync } from "node:fs";
import { mkdir, readdir } from "node:fs/promises";
import { constants } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { TugError } from "../../src/base/index.ts";
import { encodeMonitorRequest, exitCodeOf, startMonitor } from "../../src/helper/index.ts";
import { outgoingPlan } from "../../src/plan/index.ts";
import { requireRoot } from "../environment/requirements.ts";
import { temporaryDirectory } from "../environment/temporary.ts";
import { helperPath } from "../helper/driver.ts";
import { exitRecordIn, planOf, startContainer } from "./container.ts";
import { forkMonitor } from "./fork-monitor.ts";

const skip = requireRoot();

test("an exit code is recorded, and only the record stays", { skip }, async () => {
  await using place = await temporaryDirectory();
  const before = BigInt(Date.now()) * 1_000_000n;
  await using container = await startContainer(place.path, "exit 7");
  const record = await container.finished();
  assert.equal(record.waitStatus, 7 << 8);
  assert.equal(exitCodeOf(record), 7);
  assert.equal(record.init?.pid, container.pid);
  assert.equal(record.failure, undefined);
  assert.equal(record.runStatus, undefined);
  assert.ok(record.finishedAt >= before && record.finishedAt <= BigInt(Date.now() + 1) * 1_000_000n);
  assert.deepEqual(await exitRecordIn(container.directory), record);
  assert.deepEqual((await readdir(container.directory)).sort(), ["exec-status", "exit", "start"]);
  assert.deepEqual(
    container.events.map(({ type }) => type),
    ["exit", "drained"],
  );
});

for (const [name, number] of [
  ["SIGKILL", 9],
  ["SIGTERM", 15],
  ["SIGSEGV", 11],
] as const) {
  test(`the end by ${name}, sent over the control socket`, { skip }, async () => {
    await using place = await temporaryDirectory();
    await using container = await startContainer(place.path, "ulimit -c 0; exec sleep 1000");
    await container.control.signal(number);
    const record = await container.finished();
    assert.equal((record.waitStatus ?? 0) & 0x7f, number);
    assert.equal(exitCodeOf(record), 128 + number);
  });
}

test("status before and after the end", { skip }, async () => {
  await using place = await temporaryDirectory();
  await using container = await startContainer(place.path, "sleep 1000 & echo; read line; exit 3", {
    openStdin: true,
  });
  const client = await container.attach();
  const status = await container.control.status();
  assert.equal(status.version, 1);
  assert.equal(status.init?.pid, container.pid);
  assert.notEqual(status.monitor.pid, container.pid);
  assert.equal(existsSync(`/proc/${status.monitor.pid}`), true);
  assert.deepEqual([status.exited, status.drained, status.clients], [false, false, 1]);
  client.write("go\n");
  await container.ended();
  const late = await container.control.status();
  assert.deepEqual([late.exited, late.drained], [true, false]);
  await assert.rejects(container.control.signal(15), (error) => {
    assert.ok(error instanceof TugError);
    assert.equal(error.code, "HELPER_MONITOR_REFUSED");
    assert.equal(error.details.errno, "ESRCH");
    return true;
  });
  process.kill(-container.pid, "SIGKILL");
});

test("orphans are reaped while the container runs", { skip }, async () => {
  await using place = await temporaryDirectory();
  const script = "for i in 1 2 3 4 5; do (sh -c 'exec sleep 0.01' &); done; read line";
  await using container = await startContainer(place.path, script, { openStdin: true });
  const { monitor } = await container.control.status();
  const children = `/proc/${monitor.pid}/task/${monitor.pid}/children`;
  while (readFileSync(children, "utf8").trim() !== `${container.pid}`)
    await new Promise((resolve) => setTimeout(resolve, 10));
  const client = await container.attach();
  client.write("go\n");
  assert.equal(exitCodeOf(await container.finished()), 0);
});

test("a program that cannot be run leaves a record that says so", { skip }, async () => {
  await using place = await temporaryDirectory();
  const directory = join(place.path, "run");
  await mkdir(directory);
  const plan = planOf(directory, "", { args: ["/missing/program"] });
  await assert.rejects(
    startMonitor(forkMonitor(helperPath), { id: "x", directory }, outgoingPlan(plan)),
    (error) => {
      assert.ok(error instanceof TugError);
      assert.equal(error.code, "RUNTIME_PROGRAM_NOT_FOUND");
      return true;
    },
  );
  while (existsSync(join(directory, "control"))) await new Promise((resolve) => setTimeout(resolve, 10));
  const record = await exitRecordIn(directory);
  assert.equal(record.waitStatus, undefined);
  assert.equal(record.failure?.errno, constants.errno.ENOENT);
  assert.equal(record.failure?.list, "init");
});

test("what a monitor cannot set up is said with call and path", { skip }, async () => {
  await using place = await temporaryDirectory();
  const directory = join(place.path, "run");
  const start = (request: object) =>
    startMonitor(
      forkMonitor(helperPath),
      { id: "x", directory, ...request },
      outgoingPlan(planOf(directory, "exit 0")),
    );
  const failsWith = async (request: object, errno: string, path: string) => {
    await assert.rejects(start(request), (error) => {
      assert.ok(error instanceof TugError);
      assert.equal(error.code, "HELPER_MONITOR_SETUP", error.message);
      assert.equal(error.details.errno, errno);
      assert.ok(error.message.includes(path), error.message);
      return true;
    });
  };
  await failsWith({}, "ENOENT", directory);
  await mkdir(directory);
  const log = { format: "cri", path: join(place.path, "missing/log") };
  await failsWith({ log }, "ENOENT", log.path);
  await failsWith({ log: { format: "cri", path: "/dev/null" } }, "EINVAL", "/dev/null");
  await failsWith({ log: { format: "cri", path: "relative" } }, "EINVAL", "");
  assert.deepEqual(await readdir(directory), []);
});

test("what a monitor cannot set up is said also to a caller who is still sending", { skip }, async () => {
  const socket = await forkMonitor(helperPath).connect("monitor");
  try {
    socket.write(encodeMonitorRequest({ id: "x", directory: "/nowhere" }));
    await once(socket, "data");
    await new Promise<void>((resolve, reject) => {
      const told = (error?: Error | null) => (error ? reject(error) : resolve());
      socket.on("error", reject).write(Buffer.alloc(1024 * 1024), told);
    });
  } finally {
    socket.destroy();
  }
});

test("a second container in the same directory is not taken for the first", { skip }, async () => {
  await using place = await temporaryDirectory();
  {
    await using first = await startContainer(place.path, "exit 5");
    await first.finished();
  }
  await using second = await startContainer(place.path, "exec sleep 1000");
  assert.equal(existsSync(join(second.directory, "exit")), false);
  await second.control.signal(15);
  assert.equal(exitCodeOf(await second.finished()), 143);
});
