import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { connectMonitor, type MonitorRequest, startMonitor } from "../../src/helper/index.ts";
import { callFlags, type Op, outgoingPlan } from "../../src/plan/index.ts";
import { requireRoot } from "../environment/requirements.ts";
import { temporaryDirectory } from "../environment/temporary.ts";
import { helperPath } from "../helper/driver.ts";
import { exitRecordIn } from "./container.ts";
import { forkMonitor } from "./fork-monitor.ts";

const skip = requireRoot();

/** Has a script make the container's process, as another runtime would: its number goes to `$PID`. */
async function make(place: string, script: string, request: Partial<MonitorRequest> = {}) {
  const directory = join(place, "run");
  await mkdir(directory);
  const pidFile = join(directory, "pid");
  const from = "test";
  const call: Op = {
    op: "callRuntime",
    from,
    what: "make the container",
    path: "/bin/sh",
    args: ["sh", "-c", script],
    env: ["PATH=/usr/bin:/bin", `PID=${pidFile}`],
    timeout: 60,
    log: join(directory, "log"),
    flags: callFlags.STREAMS,
    mounts: [],
    places: [],
  };
  const plan = { host: [call, { op: "adoptInit", from, pidFile } as const], stage: [], init: [] };
  const log = { format: "cri", path: join(place, "log") } as const;
  const made = startMonitor(
    forkMonitor(helperPath),
    { id: "x", directory, log, ...request },
    outgoingPlan(plan),
  );
  const failure = await made.then(
    () => undefined,
    (error: unknown) => error as Error,
  );
  const control = await connectMonitor(directory).catch(() => undefined);
  await control?.closed;
  return { failure, record: await exitRecordIn(directory), text: readFileSync(log.path, "utf8") };
}

test("the exit code of a process that has ended before it was told of is kept", { skip }, async () => {
  await using place = await temporaryDirectory();
  // A shell may reap a child of its own: this one ends when the shell that made it has gone.
  const script = `(sh -c 'until [ -e $PID.alone ]; do :; done; echo out; exit 9' & echo $! > $PID)
    : > $PID.alone
    until grep -q '^State:.Z' /proc/$(cat $PID)/status; do :; done`;
  const { failure, record, text } = await make(place.path, script);
  assert.equal(failure, undefined);
  assert.equal(record.waitStatus, 9 << 8);
  assert.match(text, / stdout F out\n$/);
});

test("what a runtime prints that fails is dropped where output is held back until there is a container", {
  skip,
}, async () => {
  const script = "echo noise; echo noise >&2; exit 1";
  for (const holds of [true, false]) {
    await using place = await temporaryDirectory();
    const { failure, record, text } = await make(place.path, script, { holds });
    assert.match(failure?.message ?? "", /cannot make the container \(test\): it exited with 1/);
    assert.equal(record.waitStatus, undefined);
    assert.equal(text.includes("noise"), !holds);
  }
});

test("what was printed before there is a container is read when there is one", { skip }, async () => {
  await using place = await temporaryDirectory();
  const script = "echo early; (sleep 0.5 & echo $! > $PID)";
  const { failure, text } = await make(place.path, script, { holds: true });
  assert.equal(failure, undefined);
  assert.match(text, / stdout F early\n$/);
});
