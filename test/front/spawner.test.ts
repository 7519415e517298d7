import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, test } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { connectMonitor } from "../../src/helper/index.ts";
import { parseCgroup } from "../../src/host/index.ts";
import { needsBox, useEngine } from "../e2e/harness/index.ts";
import { childrenOf, enginePid, processes, spawnerPid } from "./processes.ts";

describe("the engine and its spawner", { skip: needsBox() }, () => {
  const engine = useEngine();
  const monitorOf = async (id: string): Promise<number> => {
    using control = await connectMonitor(join(engine.run, "containers", id));
    return (await control.status()).monitor.pid;
  };

  test("monitors of containers and of exec sessions are the spawner's children, in tug/monitors", async () => {
    const id = (await engine.ok(["run", "-d", "--name", "parent", "box", "sleep", "1000"])).trim();
    await engine.ok(["exec", "-d", "parent", "sleep", "1000"]);
    const spawner = spawnerPid(engine.run);
    const monitors = childrenOf(spawner).filter(({ title }) => title.startsWith("tug:[monitor]"));
    assert.deepEqual(monitors.map(({ title }) => title.replace(/[0-9a-f]{12,}/g, "ID")).sort(), [
      "tug:[monitor] ID",
      "tug:[monitor] ID exec ID",
    ]);
    assert.ok(monitors.some(({ pid, title }) => pid && title === `tug:[monitor] ${id}`));
    for (const { pid } of monitors) {
      const groups = parseCgroup(readFileSync(`/proc/${pid}/cgroup`, "utf8"));
      for (const { path } of groups) assert.match(path, /\/tug\/monitors$/);
    }
    // The engine itself forks nobody else.
    assert.deepEqual(
      childrenOf(enginePid(engine.run)).map(({ pid }) => pid),
      [spawner],
    );
    await engine.ok(["rm", "-f", "parent"]);
  });

  test("a spawner's death is noticed: containers go on, others start", async () => {
    const id = (await engine.ok(["run", "-d", "--name", "orphan", "box", "sleep", "1000"])).trim();
    const monitor = await monitorOf(id);
    const before = spawnerPid(engine.run);
    process.kill(before, "SIGKILL");
    assert.equal(await engine.sh([], "echo again"), "again");
    assert.notEqual(spawnerPid(engine.run), before);
    assert.equal(await monitorOf(id), monitor);
    await engine.ok(["exec", "orphan", "true"]);
    await engine.ok(["rm", "-f", "orphan"]);
  });

  for (const signal of ["SIGKILL", "SIGTERM"] as const) {
    test(`an engine that ends by ${signal} takes its spawner along and leaves monitors alone`, async () => {
      const name = `left-${signal}`;
      const id = (await engine.ok(["run", "-d", "--name", name, "box", "sleep", "1000"])).trim();
      const monitor = await monitorOf(id);
      const spawner = spawnerPid(engine.run);
      await engine.stopEngine(signal);
      while (processes().some(({ pid, title }) => pid === spawner && title === "tug:[spawner]"))
        await delay(5);
      assert.equal(await monitorOf(id), monitor);
      assert.equal((await engine.ok(["ps", "-q", "--no-trunc"])).trim(), id);
      await engine.ok(["exec", name, "true"]);
      await engine.ok(["rm", "-f", name]);
    });
  }
});
