import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { checkout } from "../../tools/test/cache.ts";
import {
  buildImage,
  debianProgram,
  loadBusybox,
  requireRoot,
  startRegistry,
  startTug,
  type TugInstance,
} from "../environment/index.ts";
import { until } from "./harness/index.ts";

const examples = join(checkout, "docs/examples");
const skip = requireRoot() || debianProgram("busybox").skip;

/** A program that uses the library, and what it has printed. It ends with its scope. */
type Program = AsyncDisposable & {
  readonly child: ChildProcess;
  readonly ended: Promise<number | null>;
  readonly stdout: () => string;
  readonly stderr: () => string;
};

function start({ env }: TugInstance, ...args: string[]): Program {
  const child = spawn(process.execPath, args, { cwd: checkout, env, stdio: ["ignore", "pipe", "pipe"] });
  let [stdout, stderr] = ["", ""];
  child.stdout.setEncoding("utf8").on("data", (text: string) => (stdout += text));
  child.stderr.setEncoding("utf8").on("data", (text: string) => (stderr += text));
  const ended = new Promise<number | null>((done) => child.once("close", (code) => done(code)));
  return {
    child,
    ended,
    stdout: () => stdout,
    stderr: () => stderr,
    async [Symbol.asyncDispose]() {
      child.kill("SIGKILL");
      await ended;
    },
  };
}

const example = (instance: TugInstance, name: string, ...args: string[]): Program =>
  start(instance, join(examples, name), ...args);

/** A program's standard output when it has ended by itself; fails unless it ends with `code`. */
async function output(program: Program, code = 0): Promise<string> {
  await using running = program;
  assert.equal(await running.ended, code, running.stdout() + running.stderr());
  return running.stdout();
}

describe("the library", { skip }, () => {
  let instance: TugInstance;
  before(async () => {
    instance = await startTug();
  });
  after(() => instance?.[Symbol.asyncDispose]());

  test("starts an engine when there is none, and finds it again when it was killed", async () => {
    const script = `
      import { connect } from "tug";
      const client = await connect();
      const before = await client.tug.engine();
      process.kill(Number((await import("node:fs")).readFileSync(process.env.TUG_RUN_ROOT + "/engine.pid", "utf8")), "SIGKILL");
      const after = await client.tug.engine();
      console.log(before.Version, after.Build === before.Build);`;
    assert.equal(existsSync(join(instance.run, "engine.pid")), false);
    const found = await output(start(instance, "--input-type=module", "--eval", script));
    assert.match(found, /^\d+\.\d+\.\d+ true\n$/);
  });

  test("says what is wrong as the command does, and gives up when it is told to", async () => {
    const script = `
      import { connect, TugError } from "tug";
      const show = (error) => console.log(error instanceof TugError, error.code, error.kind);
      await (await connect({ socket: "/nonexistent" })).system.ping().catch(show);
      await (await connect()).containers.inspect("nobody").catch(show);
      await connect({ dataRoot: "/nonexistent/d", runRoot: "/nonexistent/r", signal: AbortSignal.abort() }).catch(show);`;
    assert.deepEqual((await output(start(instance, "--input-type=module", "--eval", script))).split("\n"), [
      "true CLIENT_UNREACHABLE unavailable",
      "true ENGINE_CONTAINER_NOT_FOUND notFound",
      "true CLIENT_CANCELED canceled",
      "",
    ]);
  });

  describe("docs/examples", () => {
    before(async () => {
      await loadBusybox(instance);
      const args = ["run", "-d", "--name", "web", "--stop-signal", "KILL", "busybox"];
      const { code, stderr } = await instance.tug([
        ...args,
        ...["sh", "-c", "echo begin; until [ -e /go ]; do sleep 0.05; done; echo end; exit 4"],
      ]);
      assert.equal(code, 0, stderr);
    });

    test("all of them are on the page and tried here", () => {
      const names = readdirSync(examples).sort();
      const page = readFileSync(join(checkout, "docs/library.md"), "utf8");
      assert.deepEqual(
        names.filter((name) => !page.includes(readFileSync(join(examples, name), "utf8"))),
        [],
      );
      const tried = ["events.ts", "exec.ts", "logs.ts", "pull.ts", "run.ts", "watcher.ts"];
      assert.deepEqual(names, tried);
    });

    test("run.ts", async () => {
      await using program = example(instance, "run.ts");
      assert.equal(await program.ended, 0, program.stderr());
      assert.equal(program.stdout(), "hello from box\nit ended with 3\n");
      assert.equal(program.stderr(), "oops\n");
      assert.doesNotMatch((await instance.tug(["ps", "-a", "--format", "{{.Names}}"])).stdout, /^(?!web$)./m);
    });

    test("exec.ts", async () => {
      assert.equal(
        await output(example(instance, "exec.ts", "web")),
        "WRITTEN TO THE PROGRAM'S INPUT\nit ended with 0\n",
      );
    });

    test("logs.ts, events.ts", async () => {
      await using logs = example(instance, "logs.ts", "web");
      await using events = example(instance, "events.ts");
      await until("the log's begin was read", () => logs.stdout() === "1: begin\n");
      await until("an end was told", async () => {
        await output(start(instance, "--input-type=module", "--eval", oneEnd));
        return events.stdout() !== "";
      });
      assert.match(events.stdout(), /^\w+ ended with 5\n$/);
      await instance.tug(["exec", "web", "touch", "/go"]);
      assert.deepEqual([await logs.ended, logs.stdout()], [0, "1: begin\n2: end\n"], logs.stderr());
      assert.equal(await events.ended, 0);
    });

    test("watcher.ts", async () => {
      await using watcher = example(instance, "watcher.ts", "watch");
      const run = (name: string, script: string, ...options: string[]) =>
        instance.tug(["run", "--name", name, ...options, "busybox", "sh", "-c", script]);
      await until("the watcher tells of an end", async () => {
        await run("bad", "echo dying; exit 9", "--label", "watch");
        await run("good", "exit 0", "--label", "watch");
        await run("other", "exit 9");
        await instance.tug(["rm", "bad", "good", "other"]);
        return watcher.stdout().includes("dying");
      });
      watcher.child.kill("SIGINT");
      assert.equal(await watcher.ended, 0, watcher.stderr());
      assert.match(
        watcher.stdout(),
        /^watching containers with the label watch\n(bad: ended with 9\n( {2}dying)?\n)+done\n$/,
      );
    });

    test("pull.ts", { skip: debianProgram("docker-registry").skip }, async () => {
      await using registry = await startRegistry();
      const image = buildImage({ layers: [{ entries: [{ path: "a", content: "a" }] }] });
      const reference = await registry.push("small:1", image);
      const told = await output(example(instance, "pull.ts", reference));
      assert.match(told, /Pull complete/);
      assert.match(told, /^sha256:[0-9a-f]{64} takes \d+ bytes$/m);
      await using missing = example(instance, "pull.ts", `${registry.host}/absent`);
      assert.equal(await missing.ended, 1);
      assert.match(missing.stderr(), /^[A-Z_]+ \(notFound\): /);
    });
  });
});

/** A container that ends with 5. */
const oneEnd = `
  import { connect } from "tug";
  const { containers } = await connect();
  const { Id } = await containers.create({ Image: "busybox", Cmd: ["sh", "-c", "exit 5"], HostConfig: { AutoRemove: true } });
  const { ended } = await containers.wait(Id, "removed");
  await containers.start(Id);
  await ended;`;
