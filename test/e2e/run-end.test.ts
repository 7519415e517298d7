import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { boxImage, leavesNothing, needsBox, startTugCommand, until, useEngine } from "./harness/index.ts";

describe("tug run: how it ends", { skip: needsBox() }, () => {
  const engine = useEngine();
  const codeOf = async (...args: string[]) => (await engine.tug(["run", "--rm", ...args])).code;

  test("the exit code is the program's, and 128 + n after signal n", async () => {
    assert.equal(await codeOf("box", "sh", "-c", "exit 0"), 0);
    assert.equal(await codeOf("box", "sh", "-c", "exit 255"), 255);
    assert.equal(await codeOf("--init", "box", "sh", "-c", "kill -KILL $$"), 137);
    assert.equal(await codeOf("--init", "box", "sh", "-c", "kill -SEGV $$"), 139);
  });

  test("127 for a program that is not there, 126 for one that cannot be executed, 125 for the rest", async () => {
    const failures: [args: string[], code: number, sentence: RegExp][] = [
      [
        ["box", "absent"],
        127,
        /^tug: .*cannot run absent \(COMMAND\): .*executable file not found in \$PATH\n$/,
      ],
      [["box", "/absent"], 127, /^tug: .*cannot run \/absent \(COMMAND\): .*no such file or directory\n$/],
      [["--entrypoint", "/absent", "box"], 127, /^tug: .*cannot run \/absent \(--entrypoint\): /],
      [["box", "/etc/passwd"], 126, /^tug: .*cannot run \/etc\/passwd \(COMMAND\): .*permission denied\n$/],
      [["box", "/etc"], 126, /^tug: .*cannot run \/etc \(COMMAND\): .*is a directory\n$/],
      [
        ["-w", "/etc/passwd", "box", "true"],
        125,
        /^tug: .*\/etc\/passwd .*\(--workdir\): not a directory\n$/,
      ],
      [["-u", "nobody", "box", "true"], 125, /^tug: .*unable to find user nobody: .*\nuse a number/],
      [["-v", "/etc/passwd:/etc", "box", "true"], 125, /^tug: cannot mount \/etc \(--volume\): /],
      [["--nonsense", "box"], 125, /^tug: unknown flag: --nonsense\nsee 'tug run --help'\n$/],
    ];
    await leavesNothing(engine, async () => {
      for (const [args, expected, sentence] of failures) {
        const { code, stderr } = await engine.tug(["run", "--rm", ...args]);
        assert.equal(code, expected, args.join(" "));
        assert.match(stderr, sentence);
      }
    });
  });

  test("a script without an interpreter, and one whose interpreter is missing", async () => {
    const entries = [
      { path: "plain", content: "echo plain\n", mode: 0o755 },
      { path: "lost", content: "#!/bin/absent\n", mode: 0o755 },
    ];
    await engine.load({ "scripts:latest": boxImage({ layers: [{ entries }] }) });
    assert.equal(await codeOf("scripts", "/plain"), 126);
    assert.equal(await codeOf("scripts", "/lost"), 127);
  });

  test("without --rm the failure stays on record", async () => {
    await engine.tug(["run", "--name", "failed", "box", "absent"]);
    const format = "{{.State.Status}} {{.State.ExitCode}} {{.State.Error}}";
    const shown = await engine.ok(["inspect", "--format", format, "failed"]);
    assert.match(shown, /^created 127 .*executable file not found/);
    await engine.ok(["rm", "failed"]);
  });

  test("signals reach the program, the first one too", async () => {
    for (const signal of ["SIGTERM", "SIGINT", "SIGHUP", "SIGUSR1"] as const) {
      const name = signal.slice(3);
      const script = `trap 'echo got ${name}; exit 3' ${name}; echo ready; while :; do sleep 0.05; done`;
      await using command = startTugCommand(engine, ["run", "--rm", "box", "sh", "-c", script]);
      await command.prints(/ready/);
      command.child.kill(signal);
      assert.equal(await command.code, 3, signal);
      assert.equal(command.stdout(), `ready\ngot ${name}\n`);
    }
  });

  test("without --sig-proxy a signal ends the command, and the container goes on", async () => {
    const args = ["run", "--rm", "--name", "goes-on", "--sig-proxy=false", "box", "sh", "-c"];
    await using command = startTugCommand(engine, [...args, "echo ready; exec sleep 1000"]);
    await command.prints(/ready/);
    command.child.kill("SIGTERM");
    assert.equal(await command.code, 143);
    assert.equal(await engine.ok(["ps", "--filter", "name=goes-on", "--format", "{{.Names}}"]), "goes-on\n");
    await engine.ok(["rm", "-f", "goes-on"]);
  });

  test("--init passes signals on to a program that is not process 1", async () => {
    await using command = startTugCommand(engine, [
      ...["run", "--rm", "--init", "box", "sh", "-c", "echo ready; exec sleep 1000"],
    ]);
    await command.prints(/ready/);
    command.child.kill("SIGTERM");
    assert.equal(await command.code, 143);
  });

  test("--stop-signal and --stop-timeout are what stop uses", async () => {
    const script = "trap 'echo quit; exit 4' QUIT; trap '' TERM; echo ready; while :; do sleep 0.05; done";
    const options = ["--name", "stopped", "--stop-signal", "QUIT"];
    await using command = startTugCommand(engine, ["run", ...options, "box", "sh", "-c", script]);
    await command.prints(/ready/);
    await engine.ok(["stop", "stopped"]);
    assert.equal(await command.code, 4);
    await engine.ok(["rm", "stopped"]);
    const deaf = ["run", "-d", "--name", "deaf", "--stop-timeout", "0", "box", "sh", "-c", script];
    await engine.ok(deaf);
    await engine.ok(["stop", "deaf"]);
    assert.equal(await engine.ok(["inspect", "--format", "{{.State.ExitCode}}", "deaf"]), "137\n");
    await engine.ok(["rm", "deaf"]);
    const refused = await leavesNothing(engine, () =>
      engine.tug(["run", "--rm", "--stop-signal", "NONSENSE", "box", "true"]),
    );
    assert.equal(refused.code, 125);
    assert.match(refused.stderr, /^tug: invalid --stop-signal: unknown signal "NONSENSE"\n/);
  });

  test("a reader that goes away ends the command, and the container too with --rm", async () => {
    await using command = startTugCommand(engine, ["run", "--rm", "--name", "unread", "box", "yes"]);
    await command.prints(/y/);
    command.child.stdout?.destroy();
    assert.equal(await command.code, 141);
    await engine.tug(["rm", "-f", "unread"]);
  });

  test("the output is complete however it ends", async () => {
    const script = "i=0; while [ $i -lt 20000 ]; do echo line $i; i=$((i+1)); done; kill -9 $$";
    const { code, stdout } = await engine.tug(["run", "--rm", "--init", "box", "sh", "-c", script]);
    assert.equal(code, 137);
    assert.equal(stdout.split("\n").length, 20001);
    assert.ok(stdout.endsWith("line 19999\n"));
  });

  test("-d prints the id; logs, wait and rm know the container", async () => {
    const id = (await engine.ok(["run", "-d", "box", "sh", "-c", "echo out; echo err >&2; exit 5"])).trim();
    assert.match(id, /^[0-9a-f]{64}$/);
    assert.equal(await engine.ok(["wait", id]), "5\n");
    const { stdout, stderr } = await engine.tug(["logs", id]);
    assert.deepEqual([stdout, stderr], ["out\n", "err\n"]);
    await until("it is recorded", async () => (await engine.ok(["ps", "-aq", "--no-trunc"])).includes(id));
    await engine.ok(["rm", id.slice(0, 12)]);
  });
});
