import assert from "node:assert/strict";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import type { LinuxMemoryPolicy, Process, Scheduler } from "../../src/specs/oci-runtime/index.ts";
import { probeReport } from "../environment/index.ts";
import { call, container, differs, probe, skip, succeeded, verbs } from "./harness/index.ts";

const known = differs({ runc: "1.1 has none of this", crun: "has no places and other defaults" });

/** Policy, with the bit that says that children do not have it, and nice value of a program. */
async function scheduled(scheduler: Scheduler): Promise<unknown[]> {
  const words = verbs(call("sched_getscheduler", 0), call("getpriority", 0, 0));
  const [policy, priority] = await probe(words, { process: { scheduler } });
  assert.deepEqual([policy?.errno, priority?.errno], [null, null]);
  // The call itself gives 20 minus the nice value.
  return [policy?.returned, 20 - Number(priority?.returned)];
}

test("the scheduling policy, nice value and flags are those of the configuration", {
  skip: skip || known,
}, async () => {
  assert.deepEqual(await scheduled({ policy: "SCHED_OTHER", nice: 5 }), [0, 5]);
  assert.deepEqual(await scheduled({ policy: "SCHED_BATCH", nice: -5 }), [3, -5]);
  assert.deepEqual(await scheduled({ policy: "SCHED_IDLE" }), [5, 0]);
  const flags = ["SCHED_FLAG_RESET_ON_FORK"] as const;
  assert.deepEqual(await scheduled({ policy: "SCHED_OTHER", nice: 3, flags }), [0x40000000, 3]);
});

test("a policy that the kernel refuses is an error with its place, and nothing stays", {
  skip: skip || known,
}, async () => {
  await using made = await container({ process: { scheduler: { policy: "SCHED_ISO" } } });
  const { code, stderr } = await made.run();
  assert.notEqual(code, 0);
  assert.match(stderr, /config\.json#\/process\/scheduler/);
  made.assertNothingLeft();
});

/** A policy as /proc/self/numa_maps shows it. */
async function policyOf(memoryPolicy: LinuxMemoryPolicy): Promise<string> {
  const [line] = await probe(["read", "/proc/self/numa_maps"], { linux: { memoryPolicy } });
  return String(line?.content).split(" ")[1] ?? "";
}

test("the memory policy is that of the configuration", {
  skip: skip || known || (existsSync("/proc/self/numa_maps") ? false : "needs a kernel with NUMA"),
}, async () => {
  assert.equal(await policyOf({ mode: "MPOL_DEFAULT" }), "default");
  assert.equal(await policyOf({ mode: "MPOL_BIND", nodes: "0" }), "bind:0");
  assert.equal(await policyOf({ mode: "MPOL_INTERLEAVE", nodes: "0" }), "interleave:0");
  const flags = ["MPOL_F_STATIC_NODES"] as const;
  assert.equal(await policyOf({ mode: "MPOL_PREFERRED", nodes: "0", flags }), "prefer=static:0");
});

test("exec runs on the processors that execCPUAffinity names", { skip: skip || known }, async () => {
  await using made = await container({ args: ["sleep", "100"] });
  succeeded(await made.run(["--detach"]));
  const path = join(made.directory, "process.json");
  const base: Partial<Process> = { args: ["/bin/probe"], cwd: "/", env: [`TUG_TEST=${made.id}`] };
  const all = /^Cpus_allowed_list:\t(.*)$/m.exec(readFileSync("/proc/self/status", "utf8"))?.[1];
  for (const [execCPUAffinity, processors] of [
    [{ final: "0" }, [0]],
    [{ initial: "0" }, [0]],
    [{ initial: "0", final: all ?? "0" }, undefined],
  ] as const) {
    writeFileSync(path, JSON.stringify({ ...base, execCPUAffinity }));
    const report = probeReport(succeeded(await made.runtime(["exec", "--process", path, made.id])).stdout);
    if (processors !== undefined) assert.deepEqual(report.processors, processors);
    else assert.equal(report.processors.includes(0), true);
  }
});
