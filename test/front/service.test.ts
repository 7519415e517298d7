import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { existsSync, readFileSync, statSync } from "node:fs";
import { mkdir, writeFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { connect } from "../../src/api/docker/client/index.ts";
import {
  requireRoot,
  runCommand,
  startTug,
  type TugInstance,
  temporaryDirectory,
} from "../environment/index.ts";

const skip = requireRoot();
const helper = resolve(import.meta.dirname, "../../dist/helper/tug-helper");

type Manager = AsyncDisposable & {
  /** What it has printed so far. */
  lines(): string[];
  /** Waits until it has printed so many such lines, and gives the last one. */
  printed(pattern: RegExp, count?: number): Promise<string>;
};

/** Has a service manager run `tug engine` in an instance's directories. */
async function manage({ run, directory, env }: TugInstance): Promise<Manager> {
  await mkdir(run, { mode: 0o700 });
  const script = join(import.meta.dirname, "service-manager.pl");
  const words = [script, join(run, "tug.sock"), join(directory, "notify"), helper, "front", "engine"];
  const child = spawn("perl", words, { env, stdio: ["ignore", "pipe", "inherit"] });
  const ended = new Promise((done) => child.once("close", done));
  let output = "";
  child.stdout.on("data", (chunk: Buffer) => {
    output += chunk;
  });
  const lines = (): string[] => output.split("\n");
  return {
    lines,
    async printed(pattern, count = 1) {
      for (;;) {
        const found = lines().filter((line) => pattern.test(line));
        if (found.length >= count) return found.at(-1) ?? "";
        await sleep(20);
      }
    },
    async [Symbol.asyncDispose]() {
      child.kill("SIGTERM");
      await ended;
    },
  };
}

test("an engine under a service manager serves the socket that it is given, and says when", {
  skip,
}, async () => {
  await using instance = await startTug();
  await using manager = await manage(instance);
  const socket = join(instance.run, "tug.sock");
  const pid = Number((await manager.printed(/^started/)).split(" ")[1]);
  const { ino } = statSync(socket);
  // A client that comes before the engine is ready waits in the socket's queue.
  using early = connect({ socket });
  const first = await early.tug.engine();
  assert.equal(first.Pid, pid, "the program that was started is the engine itself");
  await manager.printed(/^notified READY=1$/);
  assert.equal(statSync(socket).ino, ino);
  const handed = /LISTEN_|NOTIFY_SOCKET/;
  const spawner = readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8").trim().split(" ")[0];
  assert.doesNotMatch(readFileSync(`/proc/${spawner}/environ`, "utf8"), handed);
  const { code, stderr } = await instance.tug(["ps"]);
  assert.equal(code, 0, stderr);

  process.kill(pid, "SIGTERM");
  await manager.printed(/^notified STOPPING=1$/);
  await manager.printed(/^ended 0 0$/);
  await manager.printed(/^notified READY=1$/, 2);
  assert.equal(statSync(socket).ino, ino);
  const again = await early.tug.engine();
  assert.notEqual(again.Pid, pid);
  process.kill(again.Pid ?? 0, "SIGKILL");
  const third = await early.tug.engine();
  assert.notEqual(third.Pid, again.Pid);
});

test("it is the manager's: no client ends it and no monitor replaces it", { skip }, async () => {
  await using instance = await startTug();
  await using manager = await manage(instance);
  await manager.printed(/^notified READY=1$/);
  using client = connect({ socket: join(instance.run, "tug.sock") });
  await assert.rejects(client.tug.endEngine(), { code: "SERVER_MANAGED" });
  assert.equal(existsSync(join(instance.run, "engine.start")), false);
});

test("variables that are meant for another process are nobody's", { skip }, async () => {
  await using instance = await startTug();
  const env = { ...instance.env, LISTEN_PID: "1", LISTEN_FDS: "1" };
  const engine = spawn(helper, ["front", "engine", "--debug"], { env, stdio: ["ignore", "pipe", "inherit"] });
  const ended = new Promise((done) => engine.once("close", done));
  for await (const line of engine.stdout) if (/"engine.ready"/.test(String(line))) break;
  const { code, stderr } = await instance.tug(["info"]);
  assert.equal(code, 0, stderr);
  engine.kill("SIGINT");
  await ended;
  assert.equal(engine.exitCode, 0);
});

test("units are printed for this very program", async () => {
  const { code, stdout, stderr } = await runCommand(["tug", "system", "service", "print", "tug.service"]);
  assert.equal(code, 0, stderr);
  assert.ok(stdout.includes(`\nExecStart=@${helper} tug engine\n`), stdout);
  const wrong = await runCommand(["tug", "system", "service", "print", "dbus.service"]);
  assert.notEqual(wrong.code, 0);
  assert.match(wrong.stderr, /it must be tug\.service or tug\.socket/);
});

const analyze = spawnSync("systemd-analyze", ["--version"]).status === 0;

test("systemd finds nothing wrong with the units", {
  skip: !analyze && "systemd-analyze is not installed",
}, async () => {
  await using directory = await temporaryDirectory();
  const files: string[] = [];
  for (const name of ["tug.service", "tug.socket"]) {
    const { stdout } = await runCommand(["tug", "system", "service", "print", name]);
    const file = join(directory.path, name);
    await writeFile(file, stdout);
    files.push(file);
  }
  const { status, stderr } = spawnSync("systemd-analyze", ["verify", ...files], { encoding: "utf8" });
  assert.deepEqual([status, stderr.split("\n").filter((line) => line.includes("tug."))], [0, []]);
});
