import assert from "node:assert/strict";
import { accessSync, constants } from "node:fs";
import { describe, test } from "node:test";
import { needsBox, until, useEngine } from "./harness/index.ts";

type Traces = {
  Oom?: { Kills: number; Limit?: number; Peak?: number; Victims: { Command: string; Bytes: number }[] };
  Pressure?: { Scope: string };
};

type Story = {
  Status: string;
  Now?: Traces;
  StartedAt?: string;
  Restart: { Policy: string; Count: number; At?: string };
  End?: Traces & { Cause: string; ExitCode: number; Signal?: string; Error?: string };
  Health?: { Status: string };
  Log: string[];
  LastGood?: { Differences: { What: string; Change: string; Before?: string; Now?: string }[] };
};

/** Fills the memory that it may have. */
const hog = "echo filling; tail /dev/zero";

describe("tug why", { skip: needsBox() }, () => {
  const engine = useEngine();
  const why = async (name: string): Promise<Story> =>
    JSON.parse(await engine.ok(["why", "--format", "json", name]));
  const run = (name: string, script: string, ...options: string[]) =>
    engine.tug(["run", "--name", name, ...options, "box", "sh", "-c", script]);

  test("names the OOM killer, its limit and its victim", async () => {
    assert.equal(
      (await run("hog", `exec ${hog.split("; ")[1]}`, "--memory", "16m", "--memory-swap", "16m")).code,
      137,
    );
    const { End } = await why("hog");
    assert.deepEqual([End?.Cause, End?.ExitCode, End?.Signal], ["oom", 137, "SIGKILL"]);
    assert.equal(End?.Oom?.Limit, 16 * 2 ** 20);
    assert.ok((End?.Oom?.Peak ?? 0) > 8 * 2 ** 20, String(End?.Oom?.Peak));
    assert.ok((End?.Oom?.Kills ?? 0) >= 1);
    const text = await engine.ok(["why", "hog"]);
    assert.match(text, /^hog: the OOM killer ended it at its limit of 16MiB of memory, .* ago\n/);
    assert.match(text, /\nhint: give it more: tug update --memory 32m hog\n$/);
    if (!readable("/dev/kmsg")) return;
    const [victim] = End?.Oom?.Victims ?? [];
    assert.equal(victim?.Command, "tail");
    assert.ok((victim?.Bytes ?? 0) > 2 ** 20);
    assert.match(text, /\n {2}killed: +process \d+ \(tail\), which held /);
  });

  test("knows a child that the OOM killer has killed", async () => {
    const { code } = await run("parent", `${hog}; exit 0`, "--memory", "16m", "--memory-swap", "16m");
    assert.equal(code, 0);
    const { End, Log } = await why("parent");
    assert.deepEqual([End?.Cause, End?.ExitCode], ["finished", 0]);
    assert.ok((End?.Oom?.Kills ?? 0) >= 1);
    assert.deepEqual(Log.slice(0, 1), ["filling"]);
    assert.match(await engine.ok(["why", "parent"]), /; the OOM killer had killed a part of it, /);
  });

  test("knows it while the container runs", async () => {
    const script = `${hog}; echo survived; sleep 60`;
    const limits = ["--memory", "16m", "--memory-swap", "16m"];
    await engine.ok(["run", "-d", "--name", "survivor", ...limits, "box", "sh", "-c", script]);
    await until("it has lost a process", async () => (await why("survivor")).Log.includes("survived"));
    const { Status, End, Now } = await why("survivor");
    assert.deepEqual(
      [Status, End, Now?.Oom?.Kills, Now?.Oom?.Limit],
      ["running", undefined, 1, 16 * 2 ** 20],
    );
    assert.notEqual(Now?.Pressure, undefined, "this kernel tells of pressure");
    assert.match(
      await engine.ok(["why", "survivor"]),
      /^survivor: it is running, since .* ago; the OOM killer has killed a part of it once; no run of it has ended yet\n/,
    );
    await engine.ok(["rm", "-f", "survivor"]);
  });

  test("tells a signal from an exit code that looks like one", async () => {
    // The first process of a pid namespace cannot be ended from within.
    await run("signal", "kill -SEGV $$", "--pid", "host");
    await run("code", "exit 139");
    const [signal, code] = [await why("signal"), await why("code")];
    assert.deepEqual(
      [signal.End?.Cause, signal.End?.Signal, signal.End?.ExitCode],
      ["signal", "SIGSEGV", 139],
    );
    assert.deepEqual([code.End?.Cause, code.End?.Signal, code.End?.ExitCode], ["exited", undefined, 139]);
    assert.notEqual(code.End?.Pressure, undefined, "this kernel tells of pressure");
  });

  test("tells a program that is not there from a shell's 127", async () => {
    assert.equal((await engine.tug(["run", "--name", "absent", "box", "/nothing"])).code, 127);
    assert.equal((await run("shell", "nothing")).code, 127);
    const absent = await why("absent");
    assert.deepEqual([absent.End?.Cause, absent.End?.ExitCode], ["not-started", 127]);
    assert.match(absent.End?.Error ?? "", /\/nothing/);
    assert.match(await engine.ok(["why", "absent"]), /^absent: it could not be started, /);
    const shell = await why("shell");
    assert.deepEqual([shell.End?.Cause, shell.End?.ExitCode], ["exited", 127]);
    assert.match(shell.Log.join("\n"), /nothing: not found/);
  });

  test("shows the log's end, and of a good end nothing more", async () => {
    await run("good", "for i in $(seq 30); do echo line $i; done");
    const { End, Log, LastGood } = await why("good");
    assert.deepEqual([End?.Cause, End?.Pressure], ["finished", undefined]);
    assert.deepEqual(
      Log,
      Array.from({ length: 10 }, (_, index) => `line ${index + 21}`),
    );
    assert.deepEqual(LastGood?.Differences, []);
  });

  test("compares with the last good run under the name, also of a container that is gone, and tells no secret", async () => {
    assert.equal((await run("job", "exit 0", "--rm", "-e", "TOKEN=first", "-m", "64m")).code, 0);
    assert.equal((await run("job", "exit 4", "-e", "TOKEN=second", "-e", "MODE=x", "--user", "1")).code, 4);
    const { LastGood } = await why("job");
    const told = LastGood?.Differences.map(({ What, Change }) => `${What} ${Change}`);
    assert.deepEqual(
      told?.filter((line) => !line.startsWith("limit memorySwap")),
      ["command changed", "env MODE added", "env TOKEN changed", "limit memory removed", "user added"],
    );
    assert.doesNotMatch(JSON.stringify(LastGood), /first|second/);
  });

  test("who was stopped was stopped, whatever its program said", async () => {
    await engine.ok([
      "run",
      "-d",
      "--name",
      "service",
      "box",
      "sh",
      "-c",
      "trap 'exit 9' TERM; echo up; while :; do sleep 0.05; done",
    ]);
    await until("it is up", async () => (await why("service")).Log.includes("up"));
    const running = await why("service");
    assert.deepEqual([running.Status, running.End], ["running", undefined]);
    assert.match(
      await engine.ok(["why", "service"]),
      /^service: it is running, since .* ago; no run of it has ended yet\n/,
    );
    await engine.ok(["stop", "service"]);
    const { End, LastGood } = await why("service");
    assert.deepEqual([End?.Cause, End?.ExitCode], ["stopped", 9]);
    assert.deepEqual(LastGood?.Differences, []);
  });

  test("a container that is started again and again tells how it ended last, also when the engine was killed", async () => {
    await engine.ok([
      "run",
      "-d",
      "--name",
      "loop",
      "--restart",
      "always",
      "box",
      "sh",
      "-c",
      "echo trying; exit 6",
    ]);
    await until("it was started again", async () => (await why("loop")).Restart.Count >= 2);
    await engine.stopEngine("SIGKILL");
    const { End, Restart, Log } = await why("loop");
    assert.deepEqual([End?.Cause, End?.ExitCode, Restart.Policy], ["exited", 6, "always"]);
    assert.ok(Log.length >= 2 && Log.every((line) => line === "trying"), Log.join("\n"));
    assert.match(await engine.ok(["why", "loop"]), /\n {2}restarts: +\d+ by its policy always/);
    await engine.ok(["rm", "-f", "loop"]);
  });

  test("a failed health check that ends a container is the cause", async () => {
    await engine.ok([
      ...[
        "run",
        "-d",
        "--name",
        "sick",
        "--health-cmd",
        "echo no answer; exit 1",
        "--health-interval",
        "100ms",
      ],
      ...["--health-retries", "2", "--on-unhealthy", "kill", "box", "sleep", "60"],
    ]);
    await until("it was ended", async () => (await why("sick")).Status === "exited");
    const { End, Health } = await why("sick");
    assert.deepEqual([End?.Cause, End?.Signal, Health?.Status], ["unhealthy", "SIGKILL", "unhealthy"]);
    assert.match(
      await engine.ok(["why", "sick"]),
      /\n {2}health: +unhealthy, 2 failures in a row; .*: no answer\n/,
    );
  });
});

function readable(path: string): boolean {
  try {
    accessSync(path, constants.R_OK);
    return true;
  } catch {
    return false;
  }
}
