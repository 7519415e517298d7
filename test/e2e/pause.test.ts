import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { leavesNothing, needsBox, until, useEngine } from "./harness/index.ts";

describe("tug pause and unpause", { skip: needsBox() }, () => {
  const engine = useEngine();

  /** Runs a container that writes a line every few milliseconds, and removes it. */
  async function counting<T>(work: (name: string) => Promise<T>, ...options: string[]): Promise<T> {
    const name = `c${Math.random().toString(36).slice(2)}`;
    const script = "trap 'echo asked; exit 5' TERM; while :; do echo line; sleep 0.01; done";
    await engine.ok(["run", "-d", "--name", name, ...options, "box", "sh", "-c", script]);
    try {
      return await work(name);
    } finally {
      await engine.tug(["rm", "-f", name]);
    }
  }

  const lines = async (name: string) => (await engine.ok(["logs", name])).split("\n").length;
  const status = (name: string) =>
    engine.ok(["inspect", "-f", "{{.State.Status}} {{.State.Running}} {{.State.Paused}}", name]);

  test("nothing happens in a paused container, and it goes on where it was", () =>
    counting(async (name) => {
      await until("it has begun", async () => (await lines(name)) > 3);
      assert.equal(await engine.ok(["pause", name]), `${name}\n`);
      assert.equal(await status(name), "paused true true\n");
      const held = await lines(name);
      await sleep(150);
      assert.equal(await lines(name), held);
      assert.match(await engine.ok(["ps", "--filter", "status=paused"]), /Up .* \(Paused\)/);
      assert.equal(await engine.ok(["container", "unpause", name]), `${name}\n`);
      assert.equal(await status(name), "running true false\n");
      await until("it has gone on", async () => (await lines(name)) > held + 3);
    }));

  test("what needs a running program is refused with a sentence, whoever asks", () =>
    counting(async (name) => {
      const refusal = async (...args: string[]) => {
        const { code, stderr } = await engine.tug(args);
        assert.equal(code, 1);
        return stderr.split("\n")[0];
      };
      const subject = `container ${name}`;
      assert.equal(await refusal("unpause", name), `tug: cannot unpause ${subject}: it is not paused`);
      await engine.ok(["pause", name]);
      assert.equal(await refusal("pause", name), `tug: cannot pause ${subject}: it is already paused`);
      assert.equal(await refusal("start", name), `tug: cannot start ${subject}: it is paused`);
      assert.match(
        (await refusal("exec", name, "true")) ?? "",
        /is paused, unpause the container before exec/,
      );
      assert.match((await refusal("attach", name)) ?? "", /it is paused/);
      assert.match((await refusal("rm", name)) ?? "", /container is paused: stop the container before/);
      await engine.ok(["kill", name]);
      await engine.ok(["wait", name]);
      assert.equal(await refusal("pause", name), `tug: cannot pause ${subject}: it is not running`);
    }));

  test("a signal that waits is seen when a paused container is stopped", () =>
    counting(async (name) => {
      await until("it has begun", async () => (await lines(name)) > 1);
      await engine.ok(["pause", name]);
      await engine.ok(["stop", name]);
      assert.match(await engine.ok(["logs", "--tail", "1", name]), /^asked$/m);
      assert.equal(await engine.ok(["inspect", "-f", "{{.State.ExitCode}}", name]), "5\n");
      const range = ["--since", "1m", "--until", "0s", "--filter", `container=${name}`];
      const actions = (await engine.ok(["events", ...range, "--format", "{{.Action}}"])).trim().split("\n");
      assert.deepEqual(
        actions.filter((action) => action !== "create"),
        ["start", "pause", "kill", "unpause", "die", "stop"],
      );
    }));

  test("a paused container can be killed, restarted and removed, and nothing is left", () =>
    leavesNothing(engine, () =>
      counting(async (name) => {
        await engine.ok(["pause", name]);
        await engine.ok(["kill", name]);
        assert.equal(await engine.ok(["wait", name]), "137\n");
        await engine.ok(["start", name]);
        await engine.ok(["pause", name]);
        await engine.ok(["restart", "-t", "0", name]);
        assert.equal(await status(name), "running true false\n");
        await engine.ok(["pause", name]);
        await engine.ok(["rm", "-f", name]);
      }),
    ));

  test("a pause survives the engine", () =>
    counting(async (name) => {
      await engine.ok(["pause", name]);
      await engine.stopEngine("SIGKILL");
      assert.equal(await status(name), "paused true true\n");
      await engine.ok(["unpause", name]);
      const held = await lines(name);
      await until("it has gone on", async () => (await lines(name)) > held);
    }));
});
