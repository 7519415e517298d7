import assert from "node:assert/strict";
import { readdirSync } from "node:fs";
import { release } from "node:os";
import { join } from "node:path";
import { describe, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { connect } from "../../src/api/docker/client/index.ts";
import { connectMonitor } from "../../src/helper/index.ts";
import { createChance } from "./harness/chance.ts";
import { leavesNothing, needsBox, startTugCommand, until, useEngine } from "./harness/index.ts";

const seed = Number(process.env.TUG_CHAOS_SEED ?? Date.now() % 1_000_000_007);
const MONITORS = 20;
const AT_ONCE = 8;

const [major = 0, minor = 0] = release().split(".").map(Number);
/** Whether the kernel tells how a process has ended whose parent is gone. */
const tells = major > 6 || (major === 6 && minor >= 15);

describe("a monitor is killed", { skip: needsBox() }, () => {
  const engine = useEngine();

  const monitorOf = async (directory: string): Promise<number> => {
    using control = await connectMonitor(directory);
    return (await control.status()).monitor.pid;
  };
  const containerMonitor = async (name: string): Promise<number> =>
    monitorOf(join(engine.run, "containers", (await inspect(name, "{{.Id}}")).trim()));
  const inspect = (name: string, template: string) => engine.ok(["inspect", "-f", template, name]);
  const isAlive = (pid: number): boolean => readdirSync("/proc").includes(String(pid));

  test("its container is ended, and one sentence says why", () =>
    leavesNothing(engine, async () => {
      await engine.ok([
        "run",
        "-d",
        "--name",
        "lost",
        "box",
        "sh",
        "-c",
        "echo begun; sleep 1000 & sleep 1000",
      ]);
      const init = Number(await inspect("lost", "{{.State.Pid}}"));
      await using waiting = startTugCommand(engine, ["wait", "lost"]);
      process.kill(await containerMonitor("lost"), "SIGKILL");
      assert.equal(await waiting.code, 0);
      assert.equal(waiting.stdout(), tells ? "137\n" : "255\n");
      assert.ok(!isAlive(init));
      assert.match(
        await inspect("lost", "{{.State.Status}} {{.State.Error}}"),
        /^exited monitor lost: [^.\n]+\n$/,
      );
      assert.equal(await engine.ok(["logs", "lost"]), "begun\n");
      await engine.ok(["start", "lost"]);
      assert.equal(await inspect("lost", "{{.State.Error}}"), "\n");
      await engine.ok(["rm", "-f", "lost"]);
    }));

  test("so it is when the engine was killed before", () =>
    leavesNothing(engine, async () => {
      await engine.ok(["run", "-d", "--name", "orphan", "box", "sleep", "1000"]);
      const monitor = await containerMonitor("orphan");
      await engine.stopEngine("SIGKILL");
      process.kill(monitor, "SIGKILL");
      assert.equal(await engine.ok(["wait", "orphan"]), tells ? "137\n" : "255\n");
      assert.match(await inspect("orphan", "{{.State.Error}}"), /^monitor lost: /);
      await engine.ok(["rm", "orphan"]);
    }));

  test("those that hang keep no engine from starting, and are taken up when they go on", () =>
    leavesNothing(engine, async () => {
      await engine.ok(["run", "-d", "--name", "hangs", "box", "sleep", "1000"]);
      await engine.ok(["exec", "-d", "hangs", "sleep", "1000"]);
      const directory = join(engine.run, "containers", (await inspect("hangs", "{{.Id}}")).trim());
      const [exec = ""] = readdirSync(join(directory, "exec"));
      const monitors = [await monitorOf(directory), await monitorOf(join(directory, "exec", exec))];
      await engine.stopEngine("SIGKILL");
      for (const pid of monitors) process.kill(pid, "SIGSTOP");
      try {
        assert.equal(await inspect("hangs", "{{.State.Status}} {{len .ExecIDs}}"), "running 1\n");
      } finally {
        for (const pid of monitors) process.kill(pid, "SIGCONT");
      }
      await engine.ok(["kill", "hangs"]);
      assert.equal(await engine.ok(["wait", "hangs"]), "137\n");
      await engine.ok(["rm", "hangs"]);
    }));

  test("those that hang keep no signal from a container, and end with it", () =>
    leavesNothing(engine, async () => {
      const program = "trap 'exit 7' TERM; echo ready; while :; do sleep 1; done";
      for (const name of ["asked", "forced"]) {
        await engine.ok(["run", "-d", "--name", name, "box", "sh", "-c", program]);
        await until("it is ready", async () => (await engine.ok(["logs", name])) === "ready\n");
      }
      const monitors = await Promise.all(["asked", "forced"].map(containerMonitor));
      const [asked = 0, forced = 0] = monitors;
      for (const pid of monitors) process.kill(pid, "SIGSTOP");
      try {
        await Promise.all([engine.ok(["kill", "-s", "TERM", "asked"]), engine.ok(["rm", "-f", "forced"])]);
      } finally {
        process.kill(asked, "SIGCONT");
        if (isAlive(forced)) process.kill(forced, "SIGCONT");
      }
      await until("its monitor is gone", async () => !isAlive(forced));
      assert.equal(await engine.ok(["wait", "asked"]), "7\n");
      await engine.ok(["rm", "asked"]);
    }));

  test("a restart policy starts the container again", () =>
    leavesNothing(engine, async () => {
      await engine.ok(["run", "-d", "--name", "again", "--restart", "always", "box", "sleep", "1000"]);
      process.kill(await containerMonitor("again"), "SIGKILL");
      await until("it runs again", async () =>
        /^true 1/.test(await inspect("again", "{{.State.Running}} {{.RestartCount}}")),
      );
      await engine.ok(["rm", "-f", "again"]);
    }));

  test("that of an exec session: its program is ended, the container goes on", () =>
    leavesNothing(engine, async () => {
      await engine.ok(["run", "-d", "--name", "visited", "box", "sleep", "1000"]);
      using client = connect({ socket: join(engine.run, "tug.sock") });
      const { Id } = await client.execs.create("visited", { Cmd: ["sleep", "1000"] });
      await client.execs.start(Id);
      const { Pid } = await client.execs.inspect(Id);
      const directory = join(
        engine.run,
        "containers",
        (await inspect("visited", "{{.Id}}")).trim(),
        "exec",
        Id,
      );
      process.kill(await monitorOf(directory), "SIGKILL");
      await until("it has ended", async () => !(await client.execs.inspect(Id)).Running);
      assert.equal((await client.execs.inspect(Id)).ExitCode, tells ? 137 : 255);
      assert.ok(!isAlive(Pid));
      assert.equal(await engine.ok(["exec", "visited", "echo", "on"]), "on\n");
      await engine.ok(["rm", "-f", "visited"]);
    }));

  test(`${MONITORS} of them, with the engine now and then: every container is ended and cleaned`, async (t) => {
    t.diagnostic(`seed ${seed}`);
    const chance = createChance(seed);
    await leavesNothing(engine, async () => {
      for (let done = 0; done < MONITORS; done += AT_ONCE) {
        const kinds = Array.from({ length: AT_ONCE }, () => chance.one(["idle", "talks", "ends"] as const));
        const names = kinds.map((kind, index) => `${kind}-${done + index}`);
        await Promise.all(names.map((name, index) => run(name, kinds[index] ?? "idle")));
        const monitors = await Promise.all(names.map(containerMonitor));
        const killEngine = chance.between(1, 2) === 1;
        for (const monitor of monitors) {
          await sleep(chance.between(0, 20));
          process.kill(monitor, "SIGKILL");
          if (killEngine && chance.between(1, AT_ONCE) === 1) await engine.stopEngine("SIGKILL");
        }
        await Promise.all(names.map((name, index) => check(name, kinds[index] ?? "idle")));
      }
    });
  });

  const scripts = {
    idle: "exec sleep 1000",
    talks: "while :; do echo line; done",
    // Nobody reads any more: it ends by itself, unless it is ended before.
    ends: "trap '' PIPE; while echo line; do usleep 1000; done 2>/dev/null; exit 44",
  } as const;

  const run = (name: string, kind: keyof typeof scripts) =>
    engine.ok(["run", "-d", "--name", name, "box", "sh", "-c", scripts[kind]]);

  async function check(name: string, kind: keyof typeof scripts): Promise<void> {
    const code = Number(await engine.ok(["wait", name]));
    const possible = { idle: [137], talks: [137, 141], ends: [137, 44] }[kind];
    // Without an engine that saw it, its end may have passed unseen.
    assert.ok([...possible, 255].includes(code), `${name} ended with ${code}`);
    assert.match(await inspect(name, "{{.State.Error}}"), /^monitor lost: /);
    await engine.ok(["rm", name]);
  }
});
