import assert from "node:assert/strict";
import { existsSync, readdirSync, readFileSync, readlinkSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { isHeld } from "../../src/resident/lock-holder.ts";
import { debianProgram, loadBusybox, requireRoot, startTug, type TugInstance } from "../environment/index.ts";
import { removeEmptyGroups } from "../environment/tug.ts";

const MANY = 20;

describe("a container with a restart policy ends while there is no engine", {
  skip: requireRoot() || debianProgram("busybox").skip,
}, () => {
  let instance: TugInstance;
  before(async () => {
    instance = await startTug();
    await loadBusybox(instance);
  });
  after(() => instance[Symbol.asyncDispose]());

  async function tug(...args: string[]): Promise<string> {
    const { code, stdout, stderr } = await instance.tug(args);
    assert.equal(code, 0, stderr);
    return stdout.trim();
  }

  const run = (name: string, policy: string): Promise<string> =>
    tug("run", "-d", "--name", name, "--network", "none", "--restart", policy, "busybox", "sleep", "1000");
  const pidOf = async (name: string): Promise<number> =>
    Number(await tug("inspect", "-f", "{{.State.Pid}}", name));
  const enginePid = (): number => Number(readFileSync(join(instance.run, "engine.pid"), "utf8"));
  const logged = (text: string): number =>
    readFileSync(join(instance.data, "engine.log"), "utf8").split(text).length - 1;

  /** Asks until it is so; the test's own time limit ends it. */
  async function until(holds: () => boolean | Promise<boolean>): Promise<void> {
    while (!(await holds())) await sleep(20);
  }

  /** Ends the engine, then the containers, and waits until nobody is left who could start one. */
  async function endWithoutEngine(
    pids: readonly number[],
    signal: NodeJS.Signals = "SIGKILL",
  ): Promise<void> {
    const monitors = pids.map(parentOf);
    await instance.stopEngine(signal);
    for (const pid of pids) process.kill(pid, "SIGKILL");
    await until(() => monitors.every((pid) => !isAlive(pid)));
  }

  /** The last thread of a process that was killed lets go of the lock a moment after the process is a zombie. */
  async function staysEnded(pid: number): Promise<void> {
    await until(async () => !(await isHeld(join(instance.data, "engine.lock"))));
    assert.equal(enginePid(), pid, "no engine was started after it");
  }

  const comesBack = (before: number): Promise<void> =>
    until(() => enginePid() !== before && isAlive(enginePid()));

  for (const signal of ["SIGKILL", "SIGTERM"] as const) {
    test(`after ${signal} its monitor starts an engine as the first command did, which starts it`, async () => {
      const name = `lonely-${signal.toLowerCase()}`;
      await run(name, "on-failure");
      const first = enginePid();
      const context = contextOf(first);
      await endWithoutEngine([await pidOf(name)], signal);
      await comesBack(first);
      assert.deepEqual(contextOf(enginePid()), context);
      await until(async () =>
        /^running 1$/.test(await tug("inspect", "-f", "{{.State.Status}} {{.RestartCount}}", name)),
      );
      await tug("rm", "-f", name);
    });
  }

  for (const signal of ["SIGKILL", "SIGTERM"] as const) {
    test(`in the pause before a restart ${signal} is no end either`, async () => {
      await tug(
        "run",
        "-d",
        "--name",
        "pausing",
        "--network",
        "none",
        "--restart",
        "always",
        "busybox",
        "false",
      );
      const state = (): Promise<string> =>
        tug("inspect", "-f", "{{.State.Status}} {{.RestartCount}}", "pausing");
      await until(async () => /^restarting [4-9]$/.test(await state()));
      // The monitor of the last run has done its part.
      await until(() => processesTitled("tug:[revive]", instance).length === 0);
      const first = enginePid();
      await instance.stopEngine(signal);
      await comesBack(first);
      await until(async () => /^restarting ([5-9]|\d\d)$/.test(await state()));
      await tug("rm", "-f", "pausing");
      assert.equal(existsSync(join(instance.run, "engine.wanted")), false);
      const last = enginePid();
      await instance.stopEngine(signal);
      await until(() => processesTitled("tug:[revive]", instance).length === 0);
      await staysEnded(last);
    });
  }

  test("without a policy no engine is started, and update changes that in both directions", async () => {
    await run("none", "no");
    await run("no-more", "always");
    await tug("update", "--restart", "no", "no-more");
    const last = enginePid();
    await endWithoutEngine([await pidOf("none"), await pidOf("no-more")]);
    assert.deepEqual(processesTitled("tug:[revive]", instance), []);
    await staysEnded(last);
    await tug("start", "none");
    await tug("update", "--restart", "always", "none");
    const before = enginePid();
    await endWithoutEngine([await pidOf("none")]);
    await comesBack(before);
    await until(async () => (await pidOf("none")) > 0);
    await tug("rm", "-f", "none", "no-more");
  });

  test(`${MANY} at once start one engine`, async () => {
    const names = Array.from({ length: MANY }, (_, index) => `many-${index}`);
    for (const name of names) await run(name, "always");
    const pids = await Promise.all(names.map(pidOf));
    const before = { pid: enginePid(), ready: logged('"engine.ready"'), failed: logged('"engine.failed"') };
    await endWithoutEngine(pids);
    await comesBack(before.pid);
    await until(async () => (await tug("ps", "-q")).split("\n").length === MANY);
    await until(() => processesTitled("tug:[revive]", instance).length === 0);
    assert.deepEqual(
      { ready: logged('"engine.ready"'), failed: logged('"engine.failed"') },
      { ready: before.ready + 1, failed: before.failed },
    );
    const again = await Promise.all(names.map(pidOf));
    assert.equal(again.filter((pid) => pids.includes(pid)).length, 0);
    await tug("rm", "-f", ...names);
  });

  test("its control group may have been removed meanwhile, because it was empty", async () => {
    await run("groupless", "always");
    const pid = await pidOf("groupless");
    const first = enginePid();
    const { groups } = contextOf(first);
    await instance.stopEngine("SIGKILL");
    removeEmptyGroups();
    process.kill(pid, "SIGKILL");
    await comesBack(first);
    assert.equal(contextOf(enginePid()).groups, groups);
    await tug("rm", "-f", "groupless");
  });

  test("an engine that cannot come up leaves a line in its log and no process behind", async () => {
    await run("stranded", "always");
    const pid = await pidOf("stranded");
    const words = readFileSync(join(instance.run, "engine.start"), "utf8").split("\0");
    const broken = words.map((word) => (word.endsWith("/engine.mjs") ? "/nonexistent.mjs" : word));
    await writeFile(
      join(instance.run, "engine.start"),
      broken.map((word) => word.replace(/\/node$/, "/no-node")).join("\0"),
    );
    await endWithoutEngine([pid]);
    await until(() => logged('"engine.revive"') === 1);
    await until(() => processesTitled("tug:[revive]", instance).length === 0);
    await until(async () => (await pidOf("stranded")) > 0);
    await tug("rm", "-f", "stranded");
  });
});

function isAlive(pid: number): boolean {
  try {
    return !/^State:\s+[ZX]/m.test(readFileSync(`/proc/${pid}/status`, "utf8"));
  } catch {
    return false;
  }
}

function parentOf(pid: number): number {
  return Number(/^PPid:\s+(\d+)$/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1]);
}

/** Everything that an engine could have inherited, but its limits. */
function contextOf(pid: number) {
  const text = (name: string): string => readFileSync(`/proc/${pid}/${name}`, "utf8");
  const [, session] = /^NSsid:\s+(\d+)/m.exec(text("status")) ?? [];
  const { HOME, PATH, LANG } = Object.fromEntries(
    text("environ")
      .split("\0")
      .map((word) => word.split(/=(.*)/s) as [string, string]),
  );
  return {
    command: text("cmdline"),
    environ: text("environ"),
    fixed: { HOME, PATH, LANG },
    directory: readlinkSync(`/proc/${pid}/cwd`),
    groups: text("cgroup"),
    ownSession: session !== undefined && session !== String(pid),
    umask: /^Umask:\s+(\d+)$/m.exec(text("status"))?.[1],
    blocked: /^SigBlk:\s+(\w+)$/m.exec(text("status"))?.[1],
    limits: text("limits"),
    score: text("oom_score_adj"),
  };
}

/** Processes with such a title whose working files are those of an instance. */
function processesTitled(title: string, { run }: TugInstance): number[] {
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((pid) => {
      try {
        const isOurs = readlinkSync(`/proc/${pid}/fd/3`).startsWith(run);
        return isOurs && readFileSync(`/proc/${pid}/cmdline`, "utf8").startsWith(title);
      } catch {
        return false;
      }
    });
}
