import assert from "node:assert/strict";
import type { Program } from "./program.ts";

/** What a program in the container finds of its limits: the files of v2, else those of v1. */
const LOOK = `cd /sys/fs/cgroup; cat memory.max pids.max memory/memory.limit_in_bytes pids/pids.max
  cat cpu.max || cat cpu/cpu.cfs_quota_us cpu/cpu.cfs_period_us | paste -s -d " "`;

/**
 * Has the limits of a running container changed by a program with Docker's command line, and looks at them inside.
 *
 * @param engine the program
 * @param name of the container
 */
export async function changesLimits(engine: Program, name: string): Promise<void> {
  const limits = ["--memory", "32m", "--memory-swap", "64m", "--pids-limit", "77", "--cpus", "0.3"];
  await engine.ok(["update", ...limits, name]);
  const { stdout } = await engine.run(["exec", name, "sh", "-c", LOOK]);
  assert.equal(stdout, "33554432\n77\n30000 100000\n");
}
