import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, readFileSync } from "node:fs";
import { mkdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { silentLogger } from "../../src/base/index.ts";
import {
  connectMonitor,
  exitCodeOf,
  openSpawner,
  spawnedHelper,
  startMonitor,
} from "../../src/helper/index.ts";
import { makeServiceGroup, parseCgroup } from "../../src/host/index.ts";
import { outgoingPlan, type Plan } from "../../src/plan/index.ts";
import { requireRoot } from "../environment/requirements.ts";
import { temporaryDirectory } from "../environment/temporary.ts";
import { removeEmptyGroups } from "../environment/tug.ts";
import { helperPath } from "../helper/driver.ts";
import { ownSpawner } from "../helper/own-spawner.ts";
import { exitRecordIn, planOf } from "./container.ts";

const skip = requireRoot();

function parentOf(pid: number): number {
  return Number(/^PPid:\s+(\d+)$/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1]);
}

function isAlive(pid: number): boolean {
  return existsSync(`/proc/${pid}`) && !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, "utf8"));
}

/** A plan of one op that makes a FIFO. */
function makeFifo(path: string): Plan {
  return { host: [{ op: "fifo", path, out: 0, from: "test" }], stage: [], init: [] } as unknown as Plan;
}

test("the spawner forks monitors, in its own control group, and outlives none of its engine", {
  skip,
}, async () => {
  await using place = await temporaryDirectory();
  await using cleanUp = new AsyncDisposableStack();
  cleanUp.defer(removeEmptyGroups);
  const directory = join(place.path, "run");
  await mkdir(directory);
  await using spawner = await ownSpawner(place.path, () => makeServiceGroup("monitors"));
  const { init } = await startMonitor(
    spawner,
    { id: "x", directory },
    outgoingPlan(planOf(directory, "exit 5")),
  );
  using control = await connectMonitor(directory);
  const { monitor } = await control.status();
  assert.equal(parentOf(monitor.pid), spawner.pid);
  assert.equal(parentOf(init.pid), monitor.pid);
  const groups = parseCgroup(readFileSync(`/proc/${monitor.pid}/cgroup`, "utf8"));
  assert.ok(groups.length > 0);
  for (const { path } of groups) assert.match(path, /\/tug\/monitors$/);

  await spawner[Symbol.asyncDispose]();
  assert.equal(isAlive(spawner.pid ?? 0), false);
  assert.equal((await control.status()).monitor.pid, monitor.pid);
  await writeFile(join(directory, "start"), "x");
  await control.closed;
  assert.equal(exitCodeOf(await exitRecordIn(directory)), 5);
});

test("a spawner that is killed is replaced, also under many requests at once, and its monitors go on", {
  skip,
}, async () => {
  await using place = await temporaryDirectory();
  const directory = join(place.path, "run");
  await mkdir(directory);
  await using spawner = await ownSpawner(place.path);
  const helper = spawnedHelper(spawner, helperPath);
  await startMonitor(spawner, { id: "x", directory }, outgoingPlan(planOf(directory, "exit 3")));
  using control = await connectMonitor(directory);
  for (let round = 0; round < 3; round += 1) {
    const before = spawner.pid ?? 0;
    const paths = Array.from({ length: 20 }, (_, index) => join(place.path, `fifo-${round}-${index}`));
    const made = paths.map((path) => helper.execute(makeFifo(path)));
    process.kill(before, "SIGKILL");
    await Promise.all(made);
    for (const path of paths) assert.ok(existsSync(path));
    await helper.execute(makeFifo(join(place.path, `after-${round}`)));
    assert.notEqual(spawner.pid, before);
  }
  await writeFile(join(directory, "start"), "x");
  await control.closed;
  assert.equal(exitCodeOf(await exitRecordIn(directory)), 3);
});

test("a spawner whose socket is gone is replaced", { skip }, async () => {
  await using place = await temporaryDirectory();
  await using spawner = await ownSpawner(place.path);
  const before = spawner.pid;
  await rm(join(place.path, "spawner.sock"));
  await spawnedHelper(spawner, helperPath).execute(makeFifo(join(place.path, "fifo")));
  assert.notEqual(spawner.pid, before);
  assert.equal(isAlive(before ?? 0), false);
});

test("a group that is gone again when the spawner joins it is made once more", { skip }, async () => {
  await using place = await temporaryDirectory();
  let made = 0;
  await using spawner = await ownSpawner(place.path, async () => {
    made += 1;
    return made === 1 ? [join(place.path, "gone/tasks")] : [];
  });
  await spawnedHelper(spawner, helperPath).execute(makeFifo(join(place.path, "fifo")));
  assert.equal(made, 2);
});

test("a spawner ends when whoever started it is killed", { skip }, async () => {
  await using place = await temporaryDirectory();
  const script = `
    import { openSpawner } from "${join(import.meta.dirname, "../../src/helper/index.ts")}";
    const logger = { log() {} };
    const makeGroup = async () => [];
    const spawner = await openSpawner({ helper: "${helperPath}", socket: "${place.path}/s", makeGroup, logger });
    process.stdout.write(String(spawner.pid));
    setInterval(() => undefined, 1000);`;
  const child = spawn(process.execPath, ["--input-type=module", "-e", script], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const [pid] = (await once(child.stdout, "data")).map(Number);
  assert.ok(pid !== undefined && isAlive(pid));
  child.kill("SIGKILL");
  while (isAlive(pid)) await delay(5);
});

test("what keeps a spawner from starting is said", { skip }, async () => {
  await using place = await temporaryDirectory();
  const code = { code: "HELPER_SPAWNER" };
  await assert.rejects(ownSpawner(join(place.path, "missing")), code);
  await assert.rejects(
    ownSpawner(place.path, async () => [join(place.path, "missing/tasks")]),
    code,
  );
  const options = { socket: join(place.path, "s"), makeGroup: async () => [], logger: silentLogger };
  await assert.rejects(openSpawner({ ...options, helper: join(place.path, "missing") }), code);
});
