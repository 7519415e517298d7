import assert from "node:assert/strict";
import { join } from "node:path";
import { describe, test } from "node:test";
import { connect } from "../../src/api/docker/client/index.ts";
import { needsBox, until, useEngine } from "./harness/index.ts";

describe("tug update", { skip: needsBox() }, () => {
  const engine = useEngine();
  const MIB = 1024 * 1024;

  const sleeping = (name: string, ...options: string[]) =>
    engine.ok(["run", "-d", "--name", name, ...options, "box", "sleep", "900"]);
  const inspect = (name: string, template: string) =>
    engine.ok(["inspect", "-f", template, name]).then((text) => text.trim());

  /** The limits that the kernel holds a running container to. */
  async function limitsOf(name: string) {
    using client = connect({ socket: join(engine.run, "tug.sock") });
    for await (const { memory_stats, pids_stats } of client.containers.stats(name, {
      stream: false,
      oneShot: true,
    })) {
      const status = await engine.ok(["exec", name, "cat", "/proc/self/status"]);
      const cpus = /^Cpus_allowed_list:\s*(.*)$/m.exec(status)?.[1];
      return { memory: (memory_stats.limit ?? 0) / MIB, pids: pids_stats.limit, cpus };
    }
    return undefined;
  }

  test("a running container gets its new limits at once, and has them after a restart", async () => {
    await sleeping("web", "-m", "64m", "--pids-limit", "20");
    const limits = ["-m", "96m", "--pids-limit", "40", "--cpuset-cpus", "0", "--cpu-shares", "512"];
    assert.equal(await engine.ok(["update", ...limits, "--cpus", "0.5", "web"]), "web\n");
    const wanted = { memory: 96, pids: 40, cpus: "0" };
    assert.deepEqual(await limitsOf("web"), wanted);
    const shown =
      "{{.HostConfig.Memory}} {{.HostConfig.NanoCpus}} {{.HostConfig.CpuShares}} {{.HostConfig.PidsLimit}}";
    assert.equal(await inspect("web", shown), `${96 * MIB} 500000000 512 40`);
    await engine.ok(["exec", "-d", "web", "sh", "-c", "while :; do :; done"]);
    using client = connect({ socket: join(engine.run, "tug.sock") });
    for await (const { cpu_stats } of client.containers.stats("web")) {
      if (cpu_stats.throttling_data.throttled_periods > 0) break;
    }
    await engine.ok(["restart", "-t", "0", "web"]);
    assert.deepEqual(await limitsOf("web"), wanted);
    await engine.ok(["update", "--pids-limit", "-1", "-m", "64m", "web"]);
    const fewer = await limitsOf("web");
    assert.equal(fewer?.memory, 64);
    assert.ok(fewer.pids !== 40, "there is no limit any more");
  });

  test("limits that the kernel refuses are taken back, and the record stays as it was", async () => {
    await sleeping("kept", "-m", "64m");
    const refused = await engine.tug(["update", "-m", "96m", "--cpuset-cpus", "4096", "kept"]);
    assert.equal(refused.code, 1);
    assert.match(refused.stderr, /^tug: cannot .*--cpuset-cpus/);
    assert.equal((await limitsOf("kept"))?.memory, 64);
    assert.equal(await inspect("kept", "{{.HostConfig.Memory}}/{{.HostConfig.CpusetCpus}}"), `${64 * MIB}/`);
  });

  test("a container that does not run has its new limits from the next start on", async () => {
    await engine.ok(["create", "--name", "idle", "box", "sleep", "900"]);
    await engine.ok(["container", "update", "--memory", "48m", "idle"]);
    await engine.ok(["start", "idle"]);
    assert.equal((await limitsOf("idle"))?.memory, 48);
  });

  test("what contradicts what a container has is refused", async () => {
    await engine.ok([
      "create",
      "--name",
      "quota",
      "--cpu-quota",
      "5000",
      "-m",
      "64m",
      "--memory-swap",
      "64m",
      "box",
    ]);
    const refusal = async (...args: string[]) => {
      const { code, stderr } = await engine.tug(["update", ...args]);
      assert.equal(code, 1);
      return stderr.split("\n")[0];
    };
    assert.match((await refusal("--cpus", "1", "quota")) ?? "", /CPUs and a CPU quota exclude each other/);
    assert.match(
      (await refusal("-m", "65m", "quota")) ?? "",
      /more than 67108864 of memory and swap together/,
    );
    assert.match((await refusal("-m", "1m", "quota")) ?? "", /--memory: 1048576 bytes are less than 6 MB/);
    await engine.ok(["create", "--rm", "--name", "once", "box"]);
    assert.match(
      (await refusal("--restart", "always", "once")) ?? "",
      /removed when it ends is not restarted/,
    );
    assert.match((await refusal("-m", "64m", "absent")) ?? "", /No such container: absent/);
  });

  test("a restart policy holds from the next end on", async () => {
    await engine.ok([
      "run",
      "-d",
      "--name",
      "again",
      "box",
      "sh",
      "-c",
      "while [ ! -e /go ]; do sleep 0.05; done; exit 3",
    ]);
    await engine.ok(["update", "--restart", "on-failure:1", "again"]);
    // The container may end, and this command with it, before the command is through.
    await engine.tug(["exec", "again", "touch", "/go"]);
    await until("it has been restarted", async () => (await inspect("again", "{{.RestartCount}}")) === "1");
  });
});
