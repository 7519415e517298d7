import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, readFileSync } from "node:fs";
import { chmod, mkdir, open, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Duplex } from "node:stream";
import { test } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { connectMonitor, encodeMonitorRequest, exitCodeOf, startMonitor } from "../../src/helper/index.ts";
import { encodePlan, outgoingPlan } from "../../src/plan/index.ts";
import { requireRoot } from "../environment/requirements.ts";
import { temporaryDirectory } from "../environment/temporary.ts";
import { helperPath } from "../helper/driver.ts";
import { attachClient, exitRecordIn, planOf, readJsonLog, startContainer } from "./container.ts";
import { forkMonitor } from "./fork-monitor.ts";

const skip = requireRoot();

/** Sends a part of what a monitor is started with and goes away. */
async function startAndDie(message: Uint8Array): Promise<void> {
  const child = spawn(helperPath, ["monitor", "3"], { stdio: ["ignore", "ignore", "inherit", "pipe"] });
  const socket = child.stdio[3] as Duplex;
  socket.on("error", () => undefined);
  await new Promise((resolve) => socket.write(message, resolve));
  socket.destroy();
  await once(child, "exit");
}

async function until(condition: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await condition())) await delay(10);
}

test("the death of the engine in the middle of a create stops nothing", { skip }, async () => {
  await using place = await temporaryDirectory();
  const directory = join(place.path, "run");
  await mkdir(directory);
  const log = { format: "json-file", path: join(place.path, "log") } as const;
  const request = encodeMonitorRequest({ id: "x", directory, log, openStdin: true });
  const { message } = encodePlan(planOf(directory, "echo alive; read line; echo $line; exit 5"));
  await startAndDie(Buffer.concat([request, message]));
  await until(() => existsSync(join(directory, "control")));
  {
    using control = await connectMonitor(directory);
    await until(async () => (await control.status()).init !== undefined);
    await writeFile(join(directory, "start"), "x");
  }
  const first = await attachClient(directory);
  await until(async () => (await readFile(log.path, "utf8")).includes("alive"));
  first.destroy();
  const second = await attachClient(directory);
  second.write("second client\n");
  await second.closed;
  const record = await exitRecordIn(directory);
  assert.equal(exitCodeOf(record), 5);
  assert.deepEqual(
    (await readJsonLog(log.path)).map((line) => line.log),
    ["alive\n", "second client\n"],
  );
});

test("an engine that dies before the plan is complete leaves no container and a record", {
  skip,
}, async () => {
  await using place = await temporaryDirectory();
  const directory = join(place.path, "run");
  await mkdir(directory);
  const request = encodeMonitorRequest({ id: "x", directory });
  const { message } = encodePlan(planOf(directory, "exit 0"));
  for (const part of [0, 3, 4, 100, message.length - 1]) {
    await rm(join(directory, "exit"), { force: true });
    await startAndDie(Buffer.concat([request, message.subarray(0, part)]));
    await until(() => existsSync(join(directory, "exit")));
    const record = await exitRecordIn(directory);
    assert.equal(record.waitStatus, undefined);
    assert.equal(record.init, undefined);
    assert.equal((record.runStatus ?? 0) >> 8, 2);
    await until(() => !existsSync(join(directory, "control")));
  }
});

test("the death of the process that creates ends the container, and both are on record", {
  skip,
}, async () => {
  await using place = await temporaryDirectory();
  const directory = join(place.path, "run");
  await mkdir(directory);
  const plan = planOf(directory, "exec sleep 1000");
  const hook = {
    op: "hook",
    from: "test",
    path: "/bin/sleep",
    args: ["sleep", "1000"],
    env: [],
    input: "",
  } as const;
  const { message } = encodePlan({ ...plan, host: [...plan.host, hook] });
  await startAndDie(Buffer.concat([encodeMonitorRequest({ id: "x", directory }), message]));
  await until(() => existsSync(join(directory, "control")));
  using control = await connectMonitor(directory);
  await until(async () => (await control.status()).init !== undefined);
  const { monitor, init } = await control.status();
  const [creator] = readFileSync(`/proc/${monitor.pid}/task/${monitor.pid}/children`, "utf8")
    .trim()
    .split(" ");
  await until(() => readFileSync(`/proc/${creator}/task/${creator}/children`, "utf8").trim().includes(" "));
  const children = readFileSync(`/proc/${creator}/task/${creator}/children`, "utf8").trim().split(" ");
  const sleeper = children.find((pid) => pid !== `${init?.pid}`);
  process.kill(Number(creator), "SIGKILL");
  await control.closed;
  process.kill(Number(sleeper), "SIGKILL");
  const record = await exitRecordIn(directory);
  assert.deepEqual([record.waitStatus, record.runStatus, record.init?.pid], [9, 9, init?.pid]);
});

test("a request that is cut or wrong makes no monitor", { skip }, async () => {
  await using place = await temporaryDirectory();
  const directory = join(place.path, "run");
  await mkdir(directory);
  const request = encodeMonitorRequest({ id: "x", directory });
  for (let length = 0; length < request.length; length += 1) await startAndDie(request.subarray(0, length));
  for (const [offset, value] of [
    [0, 0xffffffff],
    [0, 2],
    [4, 2],
    [8, 99],
    [10, 0xffff],
    [15, 0],
  ] as const) {
    const bad = Buffer.from(request);
    bad.writeUInt32LE(value, offset);
    await startAndDie(bad);
  }
  await delay(100);
  assert.equal(existsSync(join(directory, "control")), false);
});

test("a descendant that holds the pipe delays neither the record nor the end", { skip }, async () => {
  await using place = await temporaryDirectory();
  const log = { format: "json-file", path: join(place.path, "log") } as const;
  const script = "echo early; (sleep 0.3; echo late; exec sleep 1000) & exit 4";
  await using container = await startContainer(place.path, script, { log });
  const client = await container.attach();
  assert.equal(exitCodeOf(await container.ended()), 4);
  assert.equal(exitCodeOf(await exitRecordIn(container.directory)), 4);
  await container.finished();
  await client.closed;
  assert.deepEqual(
    (await readJsonLog(log.path)).map((line) => line.log),
    ["early\n", "late\n"],
  );
  process.kill(-container.pid, "SIGKILL");
});

test("a descendant that never stops talking is cut off", { skip }, async () => {
  await using place = await temporaryDirectory();
  const script = "(while :; do echo x; sleep 0.1; done) & exit 0";
  await using container = await startContainer(place.path, script);
  await container.finished();
  process.kill(-container.pid, "SIGKILL");
});

test("the death of the monitor is seen by who is connected", { skip }, async () => {
  await using place = await temporaryDirectory();
  const directory = join(place.path, "run");
  await mkdir(directory);
  const { init } = await startMonitor(
    forkMonitor(helperPath),
    { id: "x", directory },
    outgoingPlan(planOf(directory, "exit 0")),
  );
  using control = await connectMonitor(directory);
  process.kill((await control.status()).monitor.pid, "SIGKILL");
  await control.closed;
  await assert.rejects(connectMonitor(directory), { code: "HELPER_MONITOR_LOST" });
  process.kill(init.pid, "SIGKILL");
});

/** A helper whose monitors see a small file system of their own mounted at a directory, with a file that fills it. */
async function helperWithSmallDisk(directory: string, place: string): Promise<string> {
  await mkdir(directory);
  const path = join(place, "helper");
  const script = `mount -t tmpfs -o size=4m none ${directory} && head -c 4000k /dev/zero >${directory}/filler &&
    exec ${helperPath} "$@"`;
  await writeFile(path, `#!/bin/sh\nexec unshare -m sh -c '${script}' sh "$@"\n`);
  await chmod(path, 0o755);
  return path;
}

test("a full disk drops log records, counts them, and takes whole ones again later", { skip }, async () => {
  await using place = await temporaryDirectory();
  const small = join(place.path, "small");
  const helper = await helperWithSmallDisk(small, place.path);
  for (const rotation of [{}, { maxSize: 8192, maxFiles: 3 }]) {
    const log = { format: "json-file", path: join(small, "log"), ...rotation } as const;
    const script = "while read count; do seq -w 1 $count; echo done >&2; done";
    await using container = await startContainer(place.path, script, { helper, log, openStdin: true });
    const client = await container.attach();
    const { monitor } = await container.control.status();
    const seen = `/proc/${monitor.pid}/root${small}`;
    if ("maxSize" in rotation)
      await writeFile(join(seen, "more"), Buffer.alloc(200_000)).catch(() => undefined);
    client.write("09000\n");
    await client.until(/done/, 2);
    const { droppedLogBytes } = await container.control.status();
    assert.ok(droppedLogBytes > 0);
    await rm(join(seen, "filler"));
    await rm(join(seen, "more"), { force: true });
    client.write("09001\n");
    await client.until(/done\ndone/, 2);
    const records = await readJsonLog(join(seen, "log"));
    assert.ok(records.every(({ log: text }) => /^(0\d{4}|done)\n$/.test(`${text}`)));
    assert.equal(records.filter(({ stream }) => stream === "stdout").at(-1)?.log, "09001\n");
    const { droppedLogBytes: still } = await container.control.status();
    if (!("maxSize" in rotation)) {
      const size = readFileSync(join(seen, "log"), "utf8").indexOf("\n") + 1;
      assert.equal(Math.round(still / size) + records.length, 18_003);
    }
  }
});

test("a full disk under the run directory delays the record, and loses nothing", { skip }, async () => {
  await using place = await temporaryDirectory();
  const small = join(place.path, "small");
  const helper = await helperWithSmallDisk(small, place.path);
  const plan = planOf(small, "exit 11");
  const { init } = await startMonitor(forkMonitor(helper), { id: "x", directory: small }, outgoingPlan(plan));
  using control = await connectMonitor(`/proc/${init.pid}/root${small}`);
  const { monitor } = await control.status();
  const seen = `/proc/${monitor.pid}/root${small}`;
  await writeFile(join(seen, "more"), Buffer.alloc(200_000)).catch(() => undefined);
  for (let index = 0; index < 100; index += 1)
    await writeFile(join(seen, `more${index}`), "x").catch(() => undefined);
  const exited = new Promise<number | undefined>((resolve) => {
    void control.watch((event) => event.type === "exit" && resolve(exitCodeOf(event.record)));
  });
  await writeFile(join(seen, "start"), "x", { flag: "r+" });
  assert.equal(await exited, 11);
  assert.equal(existsSync(join(seen, "exit")), false);
  await using root = await open(seen);
  await rm(join(seen, "filler"));
  await control.closed;
  assert.equal(exitCodeOf(await exitRecordIn(`/proc/self/fd/${root.fd}`)), 11);
});
