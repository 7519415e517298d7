import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { parseProcessStat } from "../../host/index.ts";
import type { StoredState } from "../state.ts";
import { processesWithoutGroup } from "./descendants.ts";

const bootId = "00000000-0000-4000-8000-000000000000";

test("the processes of a container without a control group are init and its children, as long as it is that init", async () => {
  const init = spawn("/bin/sh", ["-c", "sleep 1000 & echo $!; wait"], {
    stdio: ["ignore", "pipe", "ignore"],
  });
  const child = Number((await init.stdout.take(1).toArray())[0]);
  try {
    const { startTime } = parseProcessStat(readFileSync(`/proc/${init.pid}/stat`, "utf8"));
    const state: StoredState = {
      ...{ version: 1, ociVersion: "1.3.0", id: "box", bundle: "/b", rootfs: "/b/rootfs", owner: 0, bootId },
      ...{ groups: [], pid: Number(init.pid), startTime: String(startTime) },
    };
    const pidsOf = async (changes: Partial<StoredState>) =>
      (await processesWithoutGroup({ ...state, ...changes }, bootId)).map(({ pid }) => pid).toSorted();
    assert.deepEqual(await pidsOf({}), [Number(init.pid), child].toSorted());
    // The number is that of a process that has nothing to do with the container.
    assert.deepEqual(await pidsOf({ startTime: String(startTime + 1n) }), []);
    assert.deepEqual(await pidsOf({ bootId: "another" }), []);
  } finally {
    process.kill(child, "SIGKILL");
    init.kill("SIGKILL");
  }
});
