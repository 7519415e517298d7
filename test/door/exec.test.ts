import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { type CliBench, openCli } from "./cli.ts";

/** The command line with a running container `web`. */
async function openWithContainer(): Promise<CliBench> {
  const cli = await openCli();
  await cli.run("run -d --name web busybox sleep");
  return cli;
}

test("exec shows both outputs and ends with the program's exit code", async () => {
  await using cli = await openWithContainer();
  assert.deepEqual(await cli.run("exec web echo hi"), { code: 0, stdout: "hi\n", stderr: "" });
  assert.deepEqual(await cli.run("exec web complain no"), { code: 1, stdout: "", stderr: "no\n" });
  assert.equal((await cli.run("container exec web exit 42")).code, 42);
});

test("options of the program are its own", async () => {
  await using cli = await openWithContainer();
  assert.equal((await cli.run("exec web echo -i --user x")).stdout, "-i --user x\n");
});

test("input reaches the program with -i only", async () => {
  await using cli = await openWithContainer();
  assert.equal((await cli.run("exec -i web cat", { input: "hello" })).stdout, "hello");
  assert.equal((await cli.run("exec web cat", { input: "hello" })).stdout, "");
});

test("everything that is asked for reaches the engine", async () => {
  const directory = await mkdtemp(join(tmpdir(), "tug-cli-"));
  try {
    await writeFile(join(directory, "vars"), "# comment\nA=file\nMINE\nUNKNOWN\n");
    await using cli = await openWithContainer();
    const line = "exec -d -e B=2 -e MINE -e GONE --env-file vars -u 7:8 -w /srv --privileged web echo x";
    const { code, stdout } = await cli.run(line, { cwd: directory, env: { MINE: "caller" } });
    assert.deepEqual([code, stdout], [0, ""]);
    assert.deepEqual(cli.engine.execs.requests, [
      {
        args: ["echo", "x"],
        env: ["A=file", "MINE=caller", "B=2", "MINE=caller", "GONE"],
        user: "7:8",
        workingDir: "/srv",
        privileged: true,
        tty: false,
        attach: { stdin: false, stdout: false, stderr: false },
        consoleSize: undefined,
        detachKeys: undefined,
      },
    ]);
  } finally {
    await rm(directory, { recursive: true });
  }
});

test("a program that is not there ends with 127, a container that does not run with 1", async () => {
  await using cli = await openWithContainer();
  const missing = await cli.run("exec web nonesuch");
  assert.deepEqual(
    [missing.code, missing.stdout, missing.stderr],
    [127, "", "cannot exec: executable file not found in $PATH\r\n"],
  );
  assert.equal((await cli.run("exec -d web nonesuch")).code, 127);
  assert.deepEqual(await cli.run("exec absent echo"), {
    code: 1,
    stdout: "",
    stderr: "tug: No such container: absent\n",
  });
  await cli.run("create --name idle busybox");
  assert.match((await cli.run("exec idle echo")).stderr, /^tug: container idle is not running\n/);
});

test("a terminal is raw while the program runs, follows the caller's size and detaches by keys", async () => {
  await using cli = await openWithContainer();
  const running = cli.start("exec -it --detach-keys ctrl-a,x web size", {
    terminal: { height: 24, width: 80 },
  });
  running.stdin.write("?");
  await running.shows("24x80");
  running.resize({ height: 30, width: 90 });
  await running.asks("?", "30x90");
  running.stdin.write("\x01x");
  assert.equal((await running.result).code, 0);
  assert.deepEqual(running.terminalCalls, ["raw true", "raw false"]);
});

test("-t needs a terminal on the input only where the input is attached", async () => {
  await using cli = await openWithContainer();
  const refused = await cli.run("exec -it web echo");
  assert.deepEqual([refused.code, /the input device is not a TTY/.test(refused.stderr)], [1, true]);
  assert.deepEqual(await cli.run("exec -t web echo hi"), { code: 0, stdout: "hi\n", stderr: "" });
});

test("a session that another engine does not know was not begun, and is made again", async () => {
  await using cli = await openWithContainer();
  for (const line of ["exec web echo hi", "exec -d web echo hi"]) {
    cli.engine.execs.forgetWhen("made");
    const { code, stderr } = await cli.run(line);
    assert.deepEqual([code, stderr], [0, ""], line);
  }
  assert.equal(cli.engine.execs.requests.length, 4);
});

test("a command whose end no engine knows is told of", async () => {
  await using cli = await openWithContainer();
  cli.engine.execs.forgetWhen("attached");
  const lost = await cli.run("exec web echo hi");
  assert.deepEqual([lost.code, lost.stdout], [1, "hi\n"]);
  assert.match(lost.stderr, /^tug: the engine has gone, and with it how the command has ended\n/);
});
