import assert from "node:assert/strict";
import { join } from "node:path";
import { describe, test } from "node:test";
import { connect } from "../../src/api/docker/client/index.ts";
import type { dockerApi } from "../../src/specs/index.ts";
import { needsBox, startTugCommand, until, useEngine } from "./harness/index.ts";

describe("tug stats", { skip: needsBox() }, () => {
  const engine = useEngine();
  const MIB = 1024 * 1024;

  const once = async (name: string, oneShot = false): Promise<dockerApi.StatsResponse> => {
    using client = connect({ socket: join(engine.run, "tug.sock") });
    for await (const stats of client.containers.stats(name, { stream: false, oneShot })) return stats;
    throw new Error("no stats");
  };

  test("what a container uses is its own, within its limits", async () => {
    const limits = ["-m", "64m", "--cpus", "0.5", "--pids-limit", "50"];
    const script = "dd if=/dev/zero of=/dev/shm/file bs=1M count=20; sleep 900 & while :; do :; done";
    await engine.ok(["run", "-d", "--name", "busy", ...limits, "box", "sh", "-c", script]);
    let stats = await once("busy");
    await until("it has been throttled", async () => {
      stats = await once("busy");
      return stats.cpu_stats.throttling_data.throttled_periods > 0 && (stats.pids_stats.current ?? 0) === 2;
    });
    const { cpu_stats, precpu_stats, memory_stats, pids_stats } = stats;
    assert.equal(stats.name, "/busy");
    assert.equal(memory_stats.limit, 64 * MIB);
    assert.ok((memory_stats.usage ?? 0) > 20 * MIB && (memory_stats.usage ?? 0) < 64 * MIB);
    assert.deepEqual([pids_stats.current, pids_stats.limit], [2, 50]);
    const used = cpu_stats.cpu_usage.total_usage - precpu_stats.cpu_usage.total_usage;
    const all = (cpu_stats.system_cpu_usage ?? 0) - (precpu_stats.system_cpu_usage ?? 0);
    assert.ok(used > 0 && used < all, `${used} of ${all}`);
    assert.ok(Date.parse(stats.read) > Date.parse(stats.preread));
    assert.equal((await once("busy", true)).preread, "0001-01-01T00:00:00Z");
  });

  test("the table has Docker's columns, for running containers or for all", async () => {
    await engine.ok(["create", "--name", "idle", "box"]);
    const table = async (...args: string[]) =>
      (await engine.ok(["stats", "--no-stream", ...args]))
        .trimEnd()
        .split("\n")
        .map((line) => line.split(/ {2,}/));
    const [headings, ...rows] = await table();
    assert.deepEqual(headings, [
      "CONTAINER ID",
      "NAME",
      "CPU %",
      "MEM USAGE / LIMIT",
      "MEM %",
      "NET I/O",
      "BLOCK I/O",
      "PIDS",
    ]);
    assert.deepEqual(
      rows.map((row) => row[1]),
      ["busy"],
    );
    assert.match(rows[0]?.[2] ?? "", /^\d+\.\d\d%$/);
    assert.match(rows[0]?.[3] ?? "", /^[\d.]+MiB \/ 64MiB$/);
    const [, idle] = await table("-a");
    assert.deepEqual(idle?.slice(1), ["idle", "0.00%", "0B / 0B", "0.00%", "0B / 0B", "0B / 0B", "0"]);
    const json = JSON.parse(await engine.ok(["stats", "--no-stream", "--format", "json", "busy"]));
    assert.deepEqual([json.Name, json.PIDs, json.Container], ["busy", "2", "busy"]);
    const absent = await engine.tug(["stats", "--no-stream", "absent"]);
    assert.equal(absent.code, 1);
    assert.match(absent.stderr, /^tug: No such container: absent\n/);
  });

  test("a stream follows containers as they come and go, and ends with the ones that were named", async () => {
    await using all = startTugCommand(engine, ["stats", "--format", "{{.Name}} {{.PIDs}}"]);
    await all.prints(/^busy 2$/m);
    await engine.ok(["run", "-d", "--name", "late", "box", "sleep", "900"]);
    await all.prints(/^late 1$/m);
    await using named = startTugCommand(engine, ["stats", "--format", "{{.Name}} {{.PIDs}}", "late"]);
    await named.prints(/^late 1$/m);
    await engine.ok(["kill", "late"]);
    await named.prints(/^late 0$/m);
    await engine.ok(["rm", "late"]);
    assert.equal(await named.code, 0);
    all.child.kill("SIGINT");
    assert.equal(await all.code, 130);
    assert.ok(!all.stdout().includes("late 0"), "what has ended is not listed");
  });
});
