import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, test } from "node:test";
import {
  configureRuntimes,
  leavesNothing,
  needsBox,
  needsRuntime,
  needsTerminal,
  otherRuntimes,
  startShell,
  startTugCommand,
  until,
  useEngine,
} from "./harness/index.ts";

const needs = needsBox() || needsRuntime("runc") || needsRuntime("crun");

describe("the life of a container of another runtime", { skip: needs }, () => {
  const engine = useEngine(configureRuntimes);
  const inspect = async (name: string, template: string) =>
    (await engine.ok(["inspect", "-f", template, name])).trim();
  const start = (runtime: string, script: string, ...options: string[]) =>
    engine.ok(["run", "-d", "--name", "web", "--runtime", runtime, ...options, "box", "sh", "-c", script]);
  const ended = (wanted: string) =>
    until(
      `web is ${wanted}`,
      async () => (await inspect("web", "{{.State.Status}} {{.State.ExitCode}}")) === wanted,
    );

  for (const runtime of otherRuntimes) {
    test(`${runtime}: pause, top, stats, update, cp and diff`, async () => {
      await leavesNothing(engine, async () => {
        await start(runtime, "sleep 900", "-m", "64m");
        await engine.ok(["pause", "web"]);
        assert.equal(await inspect("web", "{{.State.Status}}"), "paused");
        assert.match((await engine.tug(["exec", "web", "true"])).stderr, /web is paused/);
        await engine.ok(["unpause", "web"]);
        await engine.ok(["exec", "web", "true"]);
        assert.match(await engine.ok(["top", "web"]), /sleep 900/);
        const shown = ["stats", "--no-stream", "--format", "{{.MemUsage}} {{.PIDs}}", "web"];
        assert.match(await engine.ok(shown), / 64MiB 1\n$/);
        await engine.ok(["update", "-m", "96m", "web"]);
        assert.match(await engine.ok(shown), / 96MiB 1\n$/);
        const file = join(engine.directory, "file");
        await writeFile(file, "text");
        await engine.ok(["cp", file, "web:/new"]);
        assert.equal(await engine.ok(["exec", "web", "cat", "/new"]), "text");
        assert.match(await engine.ok(["diff", "web"]), /^A \/new$/m);
        // A container that is killed while it is paused is let go on by whoever kills it.
        await engine.ok(["pause", "web"]);
        await engine.ok(["rm", "-f", "web"]);
      });
    });

    test(`${runtime}: terminals of a run and of an exec`, { skip: needsTerminal() }, async () => {
      await leavesNothing(engine, async () => {
        await using terminal = await startShell(engine, { columns: 90, rows: 30 });
        await terminal.enter(`tug run -it --name web --runtime ${runtime} box; echo code $?`);
        await terminal.endsWith(/^\/ #$/);
        await terminal.enter("stty size; tty");
        await terminal.shows(/^30 90$/);
        await terminal.resize(70, 20);
        await terminal.enter("until stty size | grep '20 70'; do sleep 0.1; done; echo seen");
        await terminal.shows(/^seen$/);
        const exec = await engine.tug(["exec", "-t", "web", "sh", "-c", "tty && ls -l /dev/console; exit 6"]);
        assert.equal(exec.code, 6);
        assert.match(exec.stdout, /^\/dev\/pts\/\d+\r\ncrw/);
        await terminal.press("C-c");
        await terminal.shows(/^\/ # \^C$/);
        // The shell asks the terminal for its place with each prompt: one that has ended leaves the answer to be shown.
        await terminal.endsWith(/^\/ #$/);
        await terminal.enter("exit 3");
        await terminal.shows(/^code 3$/);
        await terminal.enter("tug start web; tug exec -it web sh; echo code $?");
        await terminal.endsWith(/^\/ #$/);
        await terminal.enter("stty size; exit 4");
        await terminal.shows(/^code 4$/);
        await engine.ok(["rm", "-f", "web"]);
      });
    });

    test(`${runtime}: a kill for lack of memory is told, and a restart policy starts it again`, async () => {
      await leavesNothing(engine, async () => {
        const fill = "exec tail /dev/zero";
        await start(runtime, fill, "-m", "16m", "--memory-swap", "16m", "--restart", "on-failure:1");
        await ended("exited 137");
        assert.equal(await inspect("web", "{{.State.OOMKilled}} {{.RestartCount}}"), "true 1");
        await engine.ok(["rm", "web"]);
      });
    });

    test(`${runtime}: the engine is killed, and the next one has the container`, async () => {
      await leavesNothing(engine, async () => {
        await start(runtime, "echo begin; until [ -e /go ]; do sleep 0.05; done; echo end; exit 7");
        await engine.stopEngine("SIGKILL");
        assert.equal(await inspect("web", "{{.State.Status}}"), "running");
        assert.equal(await engine.ok(["exec", "web", "echo", "still"]), "still\n");
        await engine.ok(["exec", "-d", "web", "sh", "-c", "sleep 0.5; touch /go"]);
        await engine.stopEngine("SIGKILL");
        assert.equal(await engine.ok(["wait", "web"]), "7\n");
        assert.equal(await engine.ok(["logs", "web"]), "begin\nend\n");
        await engine.ok(["rm", "web"]);
      });
    });

    test(`${runtime}: the engine is killed while the runtime makes the container`, async () => {
      await leavesNothing(engine, async () => {
        const [reached, go] = ["reached", "go"].map((name) => join(engine.directory, name)) as [
          string,
          string,
        ];
        const waits = `case "$*" in *" create "*) touch ${reached}; until [ -e ${go} ]; do sleep 0.05; done;; esac`;
        await using _ = await withProgram(runtime, (program) => `${waits}\nexec ${program} "$@"`);
        await using run = startTugCommand(engine, [
          ...["run", "--name", "web", "--runtime", runtime],
          ...["box", "sh", "-c", "echo out; exit 5"],
        ]);
        await until("the runtime is called", () => existsSync(reached));
        await engine.stopEngine("SIGKILL");
        assert.equal(await run.code, 125);
        await writeFile(go, "");
        await ended("exited 5");
        assert.equal(await engine.ok(["logs", "web"]), "out\n");
        await engine.ok(["rm", "web"]);
        for (const file of [reached, go]) await rm(file);
      });
    });

    test(`${runtime}: a program that fails, hangs up or is gone keeps no container from being removed`, async () => {
      await leavesNothing(engine, async () => {
        await start(runtime, "sleep 900");
        {
          await using _ = await withProgram(runtime, () => "echo broken >&2; exit 1");
          const { code, stderr } = await engine.tug(["exec", "web", "true"]);
          assert.equal(code, 126);
          assert.match(stderr, /cannot exec in container web: .*it exited with 1/);
          assert.match(
            (await engine.tug(["pause", "web"])).stderr,
            new RegExp(`^tug: cannot pause the container \\(runtime ${runtime}\\): it exited with 1`),
          );
          assert.equal(await inspect("web", "{{.State.Status}}"), "running");
          await engine.ok(["rm", "-f", "web"]);
        }
        await start(runtime, "sleep 900");
        {
          await using _ = await withProgram(runtime, () => undefined);
          await engine.ok(["stop", "-t", "0", "web"]);
          const again = await engine.tug(["start", "web"]);
          assert.match(
            again.stderr,
            new RegExp(`cannot use runtime ${runtime}: .*no such file or directory`),
          );
          await engine.ok(["rm", "web"]);
        }
      });
    });
  }

  /** Has another program in the place of a runtime's, until the scope ends. */
  async function withProgram(
    runtime: string,
    make: (program: string) => string | undefined,
  ): Promise<AsyncDisposable> {
    const path = join(engine.directory, runtime);
    const aside = `${path}.aside`;
    await rename(path, aside);
    const script = make(aside);
    if (script !== undefined) await writeFile(path, `#!/bin/sh\n${script}\n`, { mode: 0o755 });
    return {
      async [Symbol.asyncDispose]() {
        await rename(aside, path);
      },
    };
  }
});
