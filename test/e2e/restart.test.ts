import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { mkdir, readFile, rename, rmdir } from "node:fs/promises";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { after, before, describe, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { parseMountinfo } from "../../src/host/index.ts";
import {
  debianProgram,
  loadBusybox,
  removeTree,
  requireRoot,
  startTug,
  type TugInstance,
} from "../environment/index.ts";

describe("restart policies", { skip: requireRoot() || debianProgram("busybox").skip }, () => {
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

  const show = (name: string, template: string): Promise<string> => tug("inspect", "-f", template, name);
  const status = (name: string): Promise<string> => show(name, "{{.State.Status}} {{.RestartCount}}");

  /** Asks until the answer fits; the test's own time limit ends it. */
  async function until(ask: () => Promise<string>, wanted: RegExp): Promise<string> {
    for (;;) {
      const answer = await ask();
      if (wanted.test(answer)) return answer;
      await sleep(50);
    }
  }

  test("on-failure tries so often and no more, and success ends it", async () => {
    await tug(
      "run",
      "-d",
      "--name",
      "fails",
      "--restart",
      "on-failure:2",
      "busybox",
      "sh",
      "-c",
      "echo once; exit 3",
    );
    assert.equal(await until(() => status("fails"), /^exited/), "exited 2");
    assert.equal(await tug("logs", "fails"), "once\nonce\nonce");
    assert.equal(await show("fails", "{{.State.ExitCode}}"), "3");
    await tug("start", "fails");
    assert.equal(
      await until(() => status("fails"), /^exited/),
      "exited 2",
      "a start by hand counts from zero",
    );
    await tug("run", "-d", "--name", "succeeds", "--restart", "on-failure", "busybox", "true");
    assert.equal(await until(() => status("succeeds"), /^exited/), "exited 0");
  });

  test("always starts again until somebody stops it", async () => {
    await tug("run", "-d", "--name", "always", "--restart", "always", "busybox", "true");
    await until(() => status("always"), / [2-9]$/);
    await until(() => status("always"), /^restarting/);
    const refused = await instance.tug(["rm", "always"]);
    // By the time of the removal its next run may have begun.
    const says = /is (restarting|starting|running): stop the container/.test(refused.stderr);
    assert.deepEqual([refused.code, says], [1, true]);
    await tug("stop", "always");
    const stopped = await status("always");
    assert.match(stopped, /^exited/);
    await sleep(1000);
    assert.equal(await status("always"), stopped);
    await tug("rm", "always");
  });

  test("a program that is killed from outside is started again, one that is killed by hand is not", async () => {
    const script = "trap 'exit 5' USR1; echo ready; while :; do sleep 0.1; done";
    await tug("run", "-d", "--name", "crash", "--restart", "unless-stopped", "busybox", "sh", "-c", script);
    await until(() => tug("logs", "crash"), /^ready$/);
    const pid = Number(await show("crash", "{{.State.Pid}}"));
    process.kill(pid, "SIGKILL");
    await until(() => status("crash"), /^running 1$/);
    assert.notEqual(await show("crash", "{{.State.Pid}}"), String(pid));
    // The kernel keeps a signal from a first process that does not wait for it.
    await until(() => tug("logs", "crash"), /^ready\nready$/);
    await tug("kill", "-s", "USR1", "crash");
    await until(() => status("crash"), /^running 2$/);
    await tug("kill", "crash");
    await until(() => status("crash"), /^exited 2$/);
    await tug("restart", "crash");
    assert.equal(await status("crash"), "running 0");
    await tug("rm", "-f", "crash");
  });

  test("what ended while there was no engine is started by the next one, what was stopped is not", async () => {
    await tug("run", "-d", "--name", "orphan", "--restart", "unless-stopped", "busybox", "sleep", "1000");
    await tug("run", "-d", "--name", "failure", "--restart", "on-failure", "busybox", "sleep", "1000");
    await tug("run", "-d", "--name", "stopped", "--restart", "always", "busybox", "sleep", "1000");
    await tug("stop", "-t", "0", "stopped");
    const pids = await Promise.all(["orphan", "failure"].map((name) => show(name, "{{.State.Pid}}")));
    await instance.stopEngine("SIGKILL");
    for (const pid of pids) process.kill(Number(pid), "SIGKILL");
    await until(() => status("orphan"), /^running 1$/);
    await until(() => status("failure"), /^running 1$/);
    assert.equal(await status("stopped"), "exited 0");
    await tug("rm", "-f", "orphan", "failure", "stopped");
  });

  test("the first engine after a boot starts what its policy wants", async () => {
    const names = ["always", "unless-stopped", "on-failure", "no"] as const;
    for (const policy of names) {
      await tug("run", "-d", "--name", policy, "--restart", policy, "busybox", "sleep", "1000");
      await tug("run", "-d", "--name", `stopped-${policy}`, "--restart", policy, "busybox", "sleep", "1000");
      await tug("stop", "-t", "0", `stopped-${policy}`);
    }
    const pids = await Promise.all(names.map(async (policy) => Number(await show(policy, "{{.State.Pid}}"))));
    const monitors = pids.map(parentOf);
    const ids = await Promise.all(names.map((policy) => show(policy, "{{.Id}}")));
    await instance.stopEngine("SIGKILL");
    for (const pid of [...monitors, ...pids]) process.kill(pid, "SIGKILL");
    await pretendBoot(ids);
    await until(() => status("always"), /^running/);
    await until(() => status("unless-stopped"), /^running/);
    await until(() => status("stopped-always"), /^running/);
    const others = ["on-failure", "no", "stopped-unless-stopped", "stopped-on-failure", "stopped-no"];
    for (const name of others) assert.match(await status(name), /^exited/, name);
    assert.equal(await show("no", "{{.State.Error}}"), "the machine went down while it ran");
    await tug("rm", "-f", ...names, ...names.map((policy) => `stopped-${policy}`));
  });

  /** After a boot /run is empty and has no mounts, there are no control groups, and the boot id is another one. */
  async function pretendBoot(ids: readonly string[]): Promise<void> {
    await removeTree(instance.run);
    for (const { mountPoint, type } of parseMountinfo(await readFile("/proc/self/mountinfo", "utf8"))) {
      if (type !== "cgroup" && type !== "cgroup2") continue;
      for (const group of ids.map((id) => join(mountPoint, "tug/containers", id)))
        await until(async () => (existsSync(group) ? rmdir(group).then(String, String) : "gone"), /^gone$/);
    }
    const database = new DatabaseSync(join(instance.data, "tug.db"));
    database.exec("UPDATE containers SET state = json_set(state, '$.bootId', 'another')");
    database.close();
  }

  test("a restart that fails is tried again", async () => {
    const source = `${instance.directory}/source`;
    await mkdir(source);
    await tug(
      "run",
      "-d",
      "--name",
      "late",
      "--restart",
      "always",
      "--mount",
      `type=bind,src=${source},dst=/data`,
      "busybox",
      "sleep",
      "1000",
    );
    await rename(source, `${source}.away`);
    process.kill(Number(await show("late", "{{.State.Pid}}")), "SIGKILL");
    await until(() => show("late", "{{.State.Error}}"), /source/);
    await rename(`${source}.away`, source);
    await until(() => status("late"), /^running/);
    assert.equal(await show("late", "{{.State.Error}}"), "");
    await tug("rm", "-f", "late");
  });
});

function parentOf(pid: number): number {
  return Number(/^PPid:\s+(\d+)$/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1]);
}
