import assert from "node:assert/strict";
import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { describe, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { boxImage, leavesNothing, needsBox, until, useEngine } from "./harness/index.ts";

type Health = {
  readonly Status: string;
  readonly FailingStreak: number;
  readonly Log: readonly { Start: string; End: string; ExitCode: number; Output: string }[];
};

describe("health checks", { skip: needsBox() }, () => {
  const engine = useEngine();
  const fast = ["--health-interval", "100ms", "--health-retries", "2"];

  const inspect = async (name: string, template: string): Promise<string> =>
    (await engine.ok(["inspect", "-f", template, name])).trim();
  const healthOf = async (name: string): Promise<Health> =>
    JSON.parse(await inspect(name, "{{json .State.Health}}")) as Health;
  const becomes = (name: string, status: string) =>
    until(`${name} is ${status}`, async () => (await healthOf(name)).Status === status);
  const run = (name: string, ...options: string[]) =>
    engine.ok(["run", "-d", "--name", name, ...options, "box", "sleep", "1000"]);
  const setFile = (name: string, there: boolean) =>
    engine.ok(["exec", name, ...(there ? ["touch", "/tmp/ok"] : ["rm", "/tmp/ok"])]);

  test("a container is starting, healthy, unhealthy and healthy again; ps, inspect and events tell", () =>
    leavesNothing(engine, async () => {
      await run("young", "--health-interval", "1h", "--health-cmd", "false");
      const first = await healthOf("young");
      assert.deepEqual([first.Status, first.FailingStreak, first.Log], ["starting", 0, []]);
      await engine.ok(["rm", "-f", "young"]);
      await run("life", ...fast, "--health-cmd", "echo seen; test -e /tmp/ok");
      await becomes("life", "unhealthy");
      const { FailingStreak, Log } = await healthOf("life");
      assert.ok(FailingStreak >= 2);
      assert.deepEqual([Log[0]?.ExitCode, Log[0]?.Output], [1, "seen\n"]);
      assert.ok(Date.parse(Log[0]?.End ?? "") >= Date.parse(Log[0]?.Start ?? ""));
      assert.match(await engine.ok(["ps", "--format", "{{.Status}}"]), /\(unhealthy\)\n$/);
      await setFile("life", true);
      await becomes("life", "healthy");
      assert.equal((await healthOf("life")).FailingStreak, 0);
      assert.equal(
        await engine.ok(["ps", "-q", "--no-trunc", "--filter", "health=healthy"]),
        `${await inspect("life", "{{.Id}}")}\n`,
      );
      assert.ok((await healthOf("life")).Log.length <= 5);
      const range = ["--since", "1h", "--until", "0s", "--filter", "event=health_status"];
      const events = await engine.ok(["events", ...range, "--format", "{{.Action}}"]);
      assert.equal(events, "health_status: unhealthy\nhealth_status: healthy\n");
      await engine.ok(["rm", "-f", "life"]);
    }));

  test("probes leave nothing in a running container", async () => {
    await run("tidy", "--health-interval", "20ms", "--health-timeout", "500ms", "--health-cmd", "true");
    await becomes("tidy", "healthy");
    await sleep(500);
    await engine.ok(["pause", "tidy"]);
    const id = await inspect("tidy", "{{.Id}}");
    const directory = join(engine.run, "containers", id, "exec");
    await until("no session is left", () => !existsSync(directory) || readdirSync(directory).length === 0);
    const before = (await healthOf("tidy")).Log.at(-1)?.End;
    await sleep(200);
    assert.equal((await healthOf("tidy")).Log.at(-1)?.End, before, "a paused container is not probed");
    await engine.ok(["unpause", "tidy"]);
    await until("it is probed again", async () => (await healthOf("tidy")).Log.at(-1)?.End !== before);
    await engine.ok(["rm", "-f", "tidy"]);
  });

  test("a probe that takes too long has failed, and is killed with what it has started", async () => {
    await run("slow", ...fast, "--health-timeout", "200ms", "--health-cmd", "sleep 777 | sleep 778");
    await becomes("slow", "unhealthy");
    const { Log } = await healthOf("slow");
    assert.deepEqual([Log[0]?.ExitCode, Log[0]?.Output], [-1, "Health check exceeded timeout (0.2s)"]);
    await until("it has failed more often", async () => (await healthOf("slow")).FailingStreak > 4);
    // What was killed last may not be gone yet; of the others something would be left at any time.
    await until("those of one probe at most are there", async () => {
      const programs = (await engine.ok(["top", "slow", "-o", "args"])).match(/sleep 77[78]/g) ?? [];
      return programs.length <= 2;
    });
    await engine.ok(["rm", "-f", "slow"]);
  });

  test("what cannot be executed is unhealthy and says why; output is cut", async () => {
    await run("none", ...fast, "--health-cmd", "head -c 100000 /dev/zero | tr '\\0' x; exit 3");
    await becomes("none", "unhealthy");
    const [first] = (await healthOf("none")).Log;
    assert.deepEqual([first?.ExitCode, first?.Output], [3, "x".repeat(4096)]);
    await engine.ok(["rm", "-f", "none"]);
    await engine.load({
      "broken:latest": boxImage({
        config: { Healthcheck: { Test: ["CMD", "nonesuch"], Interval: 50_000_000, Retries: 1 } },
      }),
    });
    await engine.ok(["run", "-d", "--name", "broken", "broken", "sleep", "1000"]);
    await becomes("broken", "unhealthy");
    const [failed] = (await healthOf("broken")).Log;
    assert.equal(failed?.ExitCode, -1);
    assert.match(failed?.Output ?? "", /"nonesuch": executable file not found in \$PATH/);
    await engine.ok(["rm", "-f", "broken"]);
  });

  test("an image's check counts unless the container has another, or none", async () => {
    const Healthcheck = { Test: ["CMD-SHELL", "true"], Interval: 50_000_000 };
    await engine.load({ "checked:latest": boxImage({ config: { Healthcheck } }) });
    const start = (name: string, ...options: string[]) =>
      engine.ok(["run", "-d", "--name", name, ...options, "checked", "sleep", "1000"]);
    await start("own");
    await becomes("own", "healthy");
    await start("other", "--health-cmd", "exit 1", "--health-retries", "1");
    await becomes("other", "unhealthy");
    assert.equal(
      await inspect("other", "{{json .Config.Healthcheck}}"),
      JSON.stringify({ Test: ["CMD-SHELL", "exit 1"], Interval: 50_000_000, Retries: 1 }),
    );
    await start("off", "--no-healthcheck");
    assert.equal(await inspect("off", "{{json .State.Health}}"), "null");
    assert.match(await engine.ok(["ps", "-l", "--format", "{{.Status}}"]), /^Up [^()]*$/);
    await engine.ok(["rm", "-f", "own", "other", "off"]);
  });

  test("failures in the start period do not count", async () => {
    const start = ["--health-start-period", "1h", "--health-start-interval", "50ms"];
    await run(
      "early",
      ...start,
      "--health-interval",
      "1h",
      "--health-retries",
      "1",
      "--health-cmd",
      "test -e /tmp/ok",
    );
    await until("it was probed", async () => (await healthOf("early")).Log.length > 2);
    assert.deepEqual(
      [(await healthOf("early")).Status, (await healthOf("early")).FailingStreak],
      ["starting", 0],
    );
    await setFile("early", true);
    await becomes("early", "healthy");
    await engine.ok(["rm", "-f", "early"]);
  });

  test("an unhealthy container is restarted, killed or stopped, as was asked", async () => {
    const sick = [...fast, "--health-cmd", "exit 1"];
    await run("restarted", ...sick, "--on-unhealthy", "restart", "--stop-timeout", "0");
    const begun = await inspect("restarted", "{{.State.StartedAt}}");
    await until("it was restarted", async () => {
      const now = await inspect("restarted", "{{.State.Status}} {{.State.StartedAt}}");
      return now.startsWith("running") && !now.endsWith(begun);
    });
    await engine.ok(["rm", "-f", "restarted"]);
    const ended = async (name: string, ...options: string[]): Promise<string> => {
      await run(name, ...sick, "--stop-timeout", "0", ...options);
      await until("it has ended", async () => (await inspect(name, "{{.State.Status}}")) === "exited");
      return inspect(name, "{{.State.ExitCode}} {{.RestartCount}}");
    };
    assert.equal(await ended("killed", "--on-unhealthy", "kill"), "137 0");
    assert.equal(await ended("policy", "--on-unhealthy", "kill", "--restart", "on-failure:1"), "137 1");
    assert.equal(await ended("stopped", "--on-unhealthy", "stop", "--restart", "always"), "137 0");
    await engine.ok(["rm", "killed", "policy", "stopped"]);
    const refused = await engine.tug(["run", "--on-unhealthy", "panic", "box"]);
    assert.deepEqual([refused.code, /on-unhealthy/.test(refused.stderr)], [125, true]);
  });

  test("the engine's death changes nothing: states are kept, probes go on", () =>
    leavesNothing(engine, async () => {
      await run("kept", ...fast, "--health-cmd", "test -e /tmp/ok");
      await becomes("kept", "unhealthy");
      await engine.stopEngine("SIGKILL");
      const { Status, Log } = await healthOf("kept");
      assert.equal(Status, "unhealthy");
      assert.ok(Log.length > 0);
      await setFile("kept", true);
      await becomes("kept", "healthy");
      // A probe that was under way is ended, not waited for.
      await run("hung", "--health-interval", "50ms", "--health-timeout", "1h", "--health-cmd", "sleep 779");
      await until("it is probed", async () =>
        (await engine.ok(["top", "hung", "-o", "args"])).includes("sleep 779"),
      );
      await engine.stopEngine("SIGKILL");
      const count = async () =>
        (await engine.ok(["top", "hung", "-o", "args"])).split("sleep 779").length - 1;
      await until("the old one is gone", async () => (await count()) <= 1);
      await engine.ok(["rm", "-f", "kept", "hung"]);
    }));
});
