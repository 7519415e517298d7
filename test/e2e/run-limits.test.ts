import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { availableParallelism } from "node:os";
import { describe, test } from "node:test";
import { groupFile, groupOf, lacksController } from "../privileged/harness/index.ts";
import { leavesNothing, needsBox, until, useEngine } from "./harness/index.ts";

const MB = 1024 * 1024;

describe("tug run: limits", { skip: needsBox() }, () => {
  const engine = useEngine();

  /** Files of the control groups of a container that was started with these options, by controller. */
  async function limits(
    options: readonly string[],
    files: readonly (readonly [controller: string, v1: string, v2: string])[],
  ): Promise<(string | undefined)[]> {
    const id = (await engine.ok(["run", "-d", ...options, "box", "sleep", "1000"])).trim();
    try {
      const pid = Number(await engine.ok(["inspect", "--format", "{{.State.Pid}}", id]));
      return files.map(([controller, v1, v2]) => {
        const group = groupOf(pid, controller);
        assert.ok(group !== undefined, `in no group of ${controller}`);
        assert.ok(group.directory.endsWith(id), `the group is ${group.directory}`);
        return groupFile(group, group.version === 1 ? v1 : v2);
      });
    } finally {
      await engine.ok(["rm", "-f", id]);
    }
  }

  test("--memory and --memory-swap", { skip: lacksController("memory") }, async () => {
    const files = [
      ["memory", "memory.limit_in_bytes", "memory.max"],
      ["memory", "memory.memsw.limit_in_bytes", "memory.swap.max"],
    ] as const;
    const isV1 = groupOf("self", "memory")?.version === 1;
    const [memory, swap] = await limits(["-m", "64m", "--memory-swap", "96m"], files);
    assert.deepEqual([memory, swap], [String(64 * MB), String((isV1 ? 96 : 32) * MB)]);
    // As much swap as memory unless said otherwise.
    const [, twice] = await limits(["-m", "64m"], files);
    assert.equal(twice, String((isV1 ? 128 : 64) * MB));
  });

  test("--cpus, --cpu-shares and --cpuset-cpus", {
    skip: lacksController("cpu") || lacksController("cpuset"),
  }, async () => {
    const isV1 = groupOf("self", "cpu")?.version === 1;
    const [quota, shares, processors] = await limits(
      ["--cpus", "1.5", "--cpu-shares", "512", "--cpuset-cpus", "0"],
      [
        ["cpu", "cpu.cfs_quota_us", "cpu.max"],
        ["cpu", "cpu.shares", "cpu.weight"],
        ["cpuset", "cpuset.cpus", "cpuset.cpus"],
      ],
    );
    assert.equal(quota, isV1 ? "150000" : "150000 100000");
    if (isV1) assert.equal(shares, "512");
    assert.equal(processors, "0");
    assert.deepEqual((await engine.report("--cpuset-cpus", "0")).processors, [0]);
  });

  test("--pids-limit", { skip: lacksController("pids") }, async () => {
    assert.deepEqual(await limits(["--pids-limit", "20"], [["pids", "pids.max", "pids.max"]]), ["20"]);
    const script = "for i in 1 2 3 4 5 6 7 8 9; do sleep 1 & done";
    const { code, stderr } = await engine.tug([
      "run",
      "--rm",
      "--pids-limit",
      "5",
      "box",
      "sh",
      "-c",
      script,
    ]);
    assert.notEqual(code, 0);
    assert.match(stderr, /can't fork/);
  });

  test("the limits are seen from inside", { skip: lacksController("memory") }, async () => {
    const isV1 = groupOf("self", "memory")?.version === 1;
    const file = isV1 ? "memory/memory.limit_in_bytes" : "memory.max";
    assert.equal(await engine.sh(["-m", "64m"], `cat /sys/fs/cgroup/${file}`), String(64 * MB));
    const refused = await engine.tug([
      "run",
      "--rm",
      "box",
      "sh",
      "-c",
      "echo 1 > /sys/fs/cgroup/cgroup.procs || echo 1 > /sys/fs/cgroup/memory/tasks",
    ]);
    assert.match(refused.stderr, /Read-only file system/);
  });

  test("the kernel kills for lack of memory: 137, and inspect says so", {
    skip: lacksController("memory"),
  }, async () => {
    const script = "a=x; while true; do a=$a$a; done";
    const args = ["run", "--name", "hungry", "-m", "16m", "--memory-swap", "16m", "box", "sh", "-c", script];
    assert.equal((await engine.tug(args)).code, 137);
    const shown = await engine.ok([
      "inspect",
      "--format",
      "{{.State.OOMKilled}} {{.State.ExitCode}}",
      "hungry",
    ]);
    assert.equal(shown, "true 137\n");
    const events = await engine.ok(["events", "--since", "1h", "--until", "0s", "--filter", "event=oom"]);
    assert.match(events, /container oom/);
    await engine.ok(["rm", "hungry"]);
    await engine.tug(["run", "--name", "killed", "box", "sh", "-c", "kill -9 -1; kill -9 $$; exec sleep 0"]);
    assert.equal(await engine.ok(["inspect", "--format", "{{.State.OOMKilled}}", "killed"]), "false\n");
    await engine.ok(["rm", "killed"]);
  });

  test("limits that cannot be are refused before anything is made", async () => {
    const refusals: [options: string[], sentence: RegExp][] = [
      [["-m", "1m"], /^tug: invalid --memory: 1048576 bytes are less than 6 MB/],
      [["-m", "many"], /^tug: invalid argument "many" for "-m, --memory" flag/],
      [["-m", "20m", "--memory-swap", "10m"], /^tug: .*--memory-swap: 10485760 .* less than 20971520/],
      [["--memory-swap", "10m"], /^tug: .*--memory-swap: .*without a limit of memory/],
      [
        ["--cpus", String(availableParallelism() + 1)],
        /^tug: invalid --cpus: \d+ is more than the machine has\nthe range/,
      ],
      [["--cpus", "0.5", "--cpu-quota", "1000"], /^tug: invalid --cpus: .*exclude/],
      [["--cpuset-cpus", "4096"], /^tug: cannot set cpuset.cpus to 4096 \(--cpuset-cpus\): /],
      [["--pids-limit", "x"], /^tug: invalid argument "x" for "--pids-limit" flag/],
      [["--ulimit", "nonsense=1"], /^tug: invalid --ulimit: "nonsense" is no resource limit/],
      [["--shm-size", "-1"], /^tug: invalid argument "-1" for "--shm-size" flag/],
    ];
    await leavesNothing(engine, async () => {
      for (const [options, sentence] of refusals) {
        const { code, stderr } = await engine.tug(["run", "--rm", ...options, "box", "true"]);
        assert.equal(code, 125, options.join(" "));
        assert.match(stderr, sentence);
      }
    });
  });

  test("a container's groups go with it, whatever it leaves running in them", async () => {
    const args = ["run", "-d", "--pid", "host", "box", "sh", "-c", "setsid sleep 1000 & exec sleep 0.2"];
    const id = (await engine.ok(args)).trim();
    const groups = () =>
      readFileSync("/proc/self/mountinfo", "utf8")
        .split("\n")
        .flatMap((line) => (/ - cgroup2? /.test(line) ? [`${line.split(" ")[4]}/tug/containers/${id}`] : []));
    await engine.ok(["wait", id]);
    await until("the groups are gone", () => groups().every((path) => !existsSync(path)));
    await engine.ok(["rm", id]);
  });
});
