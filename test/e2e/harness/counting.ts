import assert from "node:assert/strict";
import { until } from "../../privileged/harness/until.ts";
import type { Engine } from "./engine.ts";

/**
 * Counts in its memory, and shows it by its output; /counting tells that it has begun. It keeps no file open: one that is
 * open in a checkpoint and has another size afterwards is not restored by criu.
 */
const COUNT = ": >/counting; while :; do n=$((n+1)); echo $n; sleep 0.02; done";
/** The same, also in a file that it keeps open. */
const KEEP_OPEN = "exec 7>/counted; while :; do n=$((n+1)); echo $n; echo $n >&7; sleep 0.02; done";

/** Containers that count, in whose output is seen whether they were interrupted. */
export type Counting = {
  /** Runs one and waits until it counts. */
  run(name: string, ...options: string[]): Promise<void>;
  /** Runs one that keeps all numbers in the open file /counted. */
  runWithFile(name: string, ...options: string[]): Promise<void>;
  /** What it has said so far. */
  numbers(name: string): Promise<number[]>;
  /** Waits until it has counted some more, and checks that it has left nothing out and said nothing twice. */
  goesOn(name: string): Promise<void>;
  /** Its status and exit code. */
  state(name: string): Promise<string>;
};

/** @param engine with the image `box` */
export function countingContainers(engine: Engine): Counting {
  const numbers = async (name: string): Promise<number[]> =>
    (await engine.ok(["logs", name])).trim().split(/\r?\n/).map(Number);
  const run =
    (script: string): Counting["run"] =>
    async (name, ...options) => {
      await engine.ok(["run", "--detach", "--name", name, ...options, "box", "sh", "-c", script]);
      await until("it counts", async () => (await numbers(name)).length > 5);
    };
  return {
    numbers,
    run: run(COUNT),
    runWithFile: run(KEEP_OPEN),
    async goesOn(name) {
      const { length } = await numbers(name);
      await until("it counts on", async () => (await numbers(name)).length > length + 5);
      assertCount(await numbers(name));
    },
    state: async (name) =>
      (await engine.ok(["inspect", "--format", "{{.State.Status}} {{.State.ExitCode}}", name])).trim(),
  };
}

/** One that began anew would say 1 again, and one that lost its output would leave numbers out. */
export function assertCount(numbers: readonly number[]): void {
  assert.deepEqual(
    numbers,
    numbers.map((_, index) => index + 1),
  );
}
