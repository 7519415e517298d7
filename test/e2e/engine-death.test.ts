import assert from "node:assert/strict";
import { describe, test } from "node:test";
import {
  leavesNothing,
  needsBox,
  needsTerminal,
  startShell,
  startTugCommand,
  until,
  useEngine,
} from "./harness/index.ts";

/** Waits for a file in the container's own directory to appear, then ends with 7. */
const script = "echo begin; until [ -e /go ]; do sleep 0.05; done; echo end; touch /ended; exit 7";

describe("the engine is killed", { skip: needsBox() }, () => {
  const engine = useEngine();
  const stateOf = (name: string): Promise<string> =>
    engine.ok(["inspect", "--format", "{{.State.Status}} {{.State.ExitCode}}", name]);
  /** Makes the file. The container may end, and this command with it, before the command is through. */
  const letGo = async (name: string): Promise<void> => {
    const { code, stderr } = await engine.tug(["exec", name, "touch", "/go"]);
    assert.equal(code === 0 || code === 137, true, `${code}: ${stderr}`);
  };
  const ended = (name: string): Promise<unknown> =>
    until(`${name} has ended`, async () => (await stateOf(name)).startsWith("exited"));

  test("while a run is attached: the command says so, the container goes on and its end is known", async () => {
    await leavesNothing(engine, async () => {
      await using run = startTugCommand(engine, ["run", "--name", "attached", "box", "sh", "-c", script]);
      await run.prints(/begin/);
      await engine.stopEngine("SIGKILL");
      assert.equal(await run.code, 125);
      assert.match(run.stderr(), /^tug: .*engine/);
      assert.equal(run.stderr().trimEnd().split("\n").length <= 2, true, run.stderr());
      assert.equal(await stateOf("attached"), "running 0\n");
      await using waiting = startTugCommand(engine, ["wait", "attached"]);
      await letGo("attached");
      assert.deepEqual([await waiting.code, waiting.stdout()], [0, "7\n"]);
      assert.equal(await stateOf("attached"), "exited 7\n");
      assert.equal(await engine.ok(["logs", "attached"]), "begin\nend\n");
      await engine.ok(["rm", "attached"]);
    });
  });

  for (const [command, code] of [
    ["run", 125],
    ["exec", 1],
  ] as const)
    test(`while tug ${command} is attached, and another one is there before it notices: it says so`, async () => {
      await leavesNothing(engine, async () => {
        if (command === "exec") await engine.ok(["run", "--detach", "--name", "cut", "box", "sleep", "1000"]);
        const options = command === "run" ? ["--name", "cut", "box"] : ["cut"];
        // A command that starts the engine talks to it from outside, others run within it.
        await engine.stopEngine("SIGKILL");
        await using attached = startTugCommand(engine, [command, ...options, "sh", "-c", script]);
        await attached.prints(/begin/);
        attached.child.kill("SIGSTOP");
        await engine.stopEngine("SIGKILL");
        await letGo("cut");
        if (command === "run") await ended("cut");
        else await engine.ok(["exec", "cut", "sh", "-c", "until [ -e /ended ]; do sleep 0.05; done"]);
        attached.child.kill("SIGCONT");
        assert.deepEqual([await attached.code, attached.stdout()], [code, "begin\n"]);
        assert.match(
          attached.stderr(),
          /^tug: lost the connection to the engine: the output ended too early\n/,
        );
        await engine.ok(["rm", "--force", "cut"]);
      });
    });

  test("and is not there when the container ends: the next one knows how it ended", async () => {
    await engine.ok(["run", "--detach", "--name", "alone", "box", "sh", "-c", "sleep 1; echo end; exit 9"]);
    const pid = Number(await engine.ok(["inspect", "--format", "{{.State.Pid}}", "alone"]));
    await engine.stopEngine("SIGKILL");
    await until("the program has ended", () => !isAlive(pid));
    assert.equal(await engine.ok(["wait", "alone"]), "9\n");
    assert.equal(await stateOf("alone"), "exited 9\n");
    assert.equal(await engine.ok(["logs", "alone"]), "end\n");
    await engine.ok(["rm", "alone"]);
  });

  test("a container of --rm is removed all the same", async () => {
    await leavesNothing(engine, async () => {
      await using run = startTugCommand(engine, ["run", "--rm", "--name", "gone", "box", "sh", "-c", script]);
      await run.prints(/begin/);
      await engine.ok(["exec", "gone", "touch", "/go"]).catch(() => undefined);
      await engine.stopEngine("SIGKILL");
      await run.code;
      await until("it is removed", async () => !(await engine.ok(["ps", "--all"])).includes(" gone\n"));
    });
  });

  test("again and again while containers run: none notices", async () => {
    const names = ["a", "b", "c"].map((letter) => `many-${letter}`);
    for (const name of names) await engine.ok(["run", "--detach", "--name", name, "box", "sh", "-c", script]);
    for (let round = 0; round < 3; round++) {
      await engine.stopEngine("SIGKILL");
      for (const name of names) assert.equal(await stateOf(name), "running 0\n");
    }
    for (const name of names) await letGo(name);
    for (const name of names) await ended(name);
    assert.equal(await engine.ok(["wait", ...names]), "7\n7\n7\n");
    await engine.ok(["rm", ...names]);
  });

  test("a terminal gets its mode back", { skip: needsTerminal() }, async () => {
    await using terminal = await startShell(engine);
    await terminal.enter("stty -g > before");
    await terminal.enter("tug run -it --name seen box; echo code $?");
    await terminal.endsWith(/^\/ #$/);
    await engine.stopEngine("SIGKILL");
    await terminal.shows(/^code 125$/);
    await terminal.enter("stty -g | cmp - before && echo as it was");
    await terminal.shows(/^as it was$/);
    await terminal.enter("tug attach seen; echo code $?");
    await terminal.enter("exit 3");
    await terminal.shows(/^code 3$/);
    await engine.ok(["rm", "seen"]);
  });
});

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
