import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { mkdir, mkdtemp, readFile, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { boxImage, needsBox, needsTerminal, startTerminal, type TestTerminal } from "../e2e/harness/index.ts";
import { ociArchive } from "../environment/index.ts";
import {
  aloneRuntime,
  type Containerd,
  hasSize,
  needsContainerd,
  type OciRuntime,
  onOwnMachine,
  type Program,
  program,
  residentRuntime,
  startContainerd,
  until,
} from "./harness/index.ts";

const BOX = "docker.io/library/box:latest";

onOwnMachine(import.meta.filename, needsBox() || needsContainerd(), () => {
  const kinds = { "without an engine": aloneRuntime, "with an engine": () => residentRuntime() };
  for (const [kind, make] of Object.entries(kinds)) describe(`containerd, ${kind}`, () => declare(make));
});

function declare(make: (directory: string) => Promise<OciRuntime>): void {
  let directory: string;
  let runtime: OciRuntime;
  let containerd: Containerd;
  let ctr: Program;
  let oci: Program;

  before(async () => {
    directory = await mkdtemp(join(tmpdir(), "t-"));
    runtime = await make(directory);
    containerd = await startContainerd(directory, { env: runtime.env });
    ctr = containerd.ctr;
    // What containerd's shim gives as --root, and the namespace below it.
    oci = program([runtime.path, "--root", "/run/containerd/runc/test"], { env: runtime.env });
    const archive = join(directory, "box.tar");
    await writeFile(archive, ociArchive({ [BOX]: boxImage() }));
    await ctr.ok(["images", "import", archive]);
  });
  after(async () => {
    await containerd?.[Symbol.asyncDispose]();
    await runtime?.[Symbol.asyncDispose]();
  });

  const run = (options: readonly string[], id: string, ...words: string[]): string[] => [
    "run",
    "--runc-binary",
    runtime.path,
    ...options,
    BOX,
    id,
    ...words,
  ];
  const statusOf = async (id: string): Promise<string | undefined> =>
    (await ctr.ok(["tasks", "ls"]))
      .split("\n")
      .map((line) => line.split(/\s+/))
      .find(([name]) => name === id)?.[2];
  /** A container that goes on until it is killed. */
  const started = async (id: string, options: readonly string[] = []): Promise<AsyncDisposable> => {
    await ctr.ok(
      run(["--detach", ...options], id, "sh", "-c", "trap 'exit 9' USR1; while :; do sleep 0.05; done"),
    );
    return {
      async [Symbol.asyncDispose]() {
        await ctr.run(["tasks", "delete", "--force", id]);
        await ctr.run(["containers", "delete", id]);
      },
    };
  };

  test("run: input, both outputs and the exit code", async () => {
    const { code, stdout, stderr } = await ctr.run(
      run(["--rm"], "streams", "sh", "-c", "head -n 1; echo bad >&2; exit 7"),
      { input: "typed\n" },
    );
    assert.deepEqual({ code, stdout, stderr }, { code: 7, stdout: "typed\n", stderr: "bad\n" });
    assert.equal(await ctr.ok(["containers", "ls", "-q"]), "", "--rm has removed it");
  });

  /** Runs `ctr` at a terminal of 33 rows of 77 columns. */
  const atTerminal = (args: readonly string[]): Promise<TestTerminal> =>
    startTerminal(
      ctr
        .words(args)
        .map((word) => `'${word}'`)
        .join(" "),
      { cwd: directory, env: process.env as Record<string, string>, columns: 77, rows: 33 },
    );

  test("run --tty", { skip: needsTerminal() }, async () => {
    await using terminal = await atTerminal(run(["--rm", "--tty"], "terminal", "sh"));
    await terminal.endsWith(/^\/ #$/);
    await terminal.enter("tty");
    await terminal.shows(/^\/dev\/pts\/0$/);
    await hasSize(terminal, "33 77");
    await terminal.enter("exit");
    await terminal.shows(/^Pane is dead \(status 0/);
  });

  test("run: what the options ask for", async () => {
    const seen = join(directory, "seen");
    await mkdir(seen);
    await writeFile(join(seen, "file"), "");
    const mount = `type=bind,src=${seen},dst=/seen,options=rbind:ro`;
    const options = [
      "--env",
      "A=b",
      "--cwd",
      "/tmp",
      "--user",
      "1000:50",
      "--hostname",
      "named",
      "--mount",
      mount,
    ];
    const limits = ["--memory-limit", "67108864", "--cpus", "0.5", "--read-only", "--seccomp"];
    const script = `echo $A $(pwd) $(id -u):$(id -g) $(hostname); ls /seen; touch /x
      grep -E '^(NoNewPrivs|Seccomp):' /proc/self/status`;
    const { stdout, stderr } = await ctr.run(
      run(["--rm", ...options, ...limits], "options", "sh", "-c", script),
    );
    assert.match(stdout, /^b \/tmp 1000:50 named\nfile\nNoNewPrivs:\t1\nSeccomp:\t2\n$/);
    assert.match(stderr, /touch: \/x: Read-only file system/);
  });

  test("--log-uri", async () => {
    const log = join(directory, "log");
    // It goes on: of one that ends at once the shim loses a stream now and then, with runc as well.
    const words = ["sh", "-c", "echo out; echo err >&2; exec sleep 1000"];
    await ctr.ok(run(["--detach", "--log-uri", `file://${log}`], "logged", ...words));
    const lines = async (): Promise<string[]> => (await readFile(log, "utf8")).split("\n").sort();
    await until("all is there", async () => (await lines()).join() === ",err,out");
    await ctr.ok(["tasks", "kill", "--signal", "SIGKILL", "logged"]);
    await until("it has ended", async () => (await statusOf("logged")) === "STOPPED");
    await ctr.ok(["tasks", "delete", "logged"]);
    await ctr.ok(["containers", "delete", "logged"]);
  });

  test("exec: input, outputs and the exit code; ps", async () => {
    await using _ = await started("busy");
    const exec = (id: string, ...words: string[]): string[] => [
      "tasks",
      "exec",
      "--exec-id",
      id,
      "busy",
      ...words,
    ];
    const result = await ctr.run(exec("one", "sh", "-c", "cat; echo bad >&2; exit 5"), { input: "typed\n" });
    assert.deepEqual(result, { code: 5, stdout: "typed\n", stderr: "bad\n" });
    assert.match(
      await ctr.ok(["tasks", "exec", "--exec-id", "two", "--user", "1000", "busy", "id"]),
      /uid=1000\(user\)/,
    );
    const lines = async (): Promise<number> => (await ctr.ok(["tasks", "ps", "busy"])).split("\n").length;
    await until("a title, the shell and its sleep are there", async () => (await lines()) === 3);
    await ctr.ok(["tasks", "exec", "--detach", "--exec-id", "three", "busy", "sleep", "100"]);
    await until("one more is there", async () => (await lines()) === 4);
    await ctr.ok(["tasks", "kill", "--exec-id", "three", "--signal", "SIGKILL", "busy"]);
    await until("it is gone", async () => (await lines()) === 3);
  });

  test("exec --tty", { skip: needsTerminal() }, async () => {
    await using _ = await started("there");
    const args = ["tasks", "exec", "--tty", "--exec-id", "shell", "there", "sh"];
    await using terminal = await atTerminal(args);
    await terminal.endsWith(/^\/ #$/);
    await terminal.enter("tty");
    await terminal.shows(/^\/dev\/pts\/0$/);
    await hasSize(terminal, "33 77");
  });

  test("pause and resume", async () => {
    await using _ = await started("stopped");
    await ctr.ok(["tasks", "pause", "stopped"]);
    assert.equal(await statusOf("stopped"), "PAUSED");
    const { code, stderr } = await ctr.run(["tasks", "exec", "--exec-id", "x", "stopped", "true"]);
    assert.notEqual(code, 0);
    assert.match(stderr, /paused/);
    await ctr.ok(["tasks", "resume", "stopped"]);
    assert.equal(await statusOf("stopped"), "RUNNING");
  });

  test("metrics", async () => {
    await using _ = await started("measured", ["--memory-limit", "67108864"]);
    const metrics = await ctr.ok(["tasks", "metrics", "--format", "json", "measured"]);
    const { memory, pids } = JSON.parse(metrics);
    assert.equal(memory.usage.limit, 67108864);
    assert.ok(memory.usage.usage > 0 && pids.current > 0, metrics);
  });

  test("kill, what is said of one that has ended, delete", async () => {
    await using _ = await started("killed");
    await ctr.ok(["tasks", "kill", "--signal", "USR1", "killed"]);
    await until("it has ended", async () => (await statusOf("killed")) === "STOPPED");
    const again = await ctr.run(["tasks", "kill", "killed"]);
    assert.match(again.stderr, /process already finished: not found/);
    assert.match((await ctr.run(["tasks", "delete", "killed"])).stderr, /exit code 9/);
    assert.equal(await statusOf("killed"), undefined);
  });

  test("kill --all", async () => {
    await using _ = await started("many");
    await ctr.ok(["tasks", "exec", "--detach", "--exec-id", "one", "many", "sleep", "100"]);
    await ctr.ok(["tasks", "kill", "--all", "--signal", "KILL", "many"]);
    await until("it has ended", async () => (await statusOf("many")) === "STOPPED");
    assert.match((await ctr.run(["tasks", "delete", "many"])).stderr, /exit code 137/);
  });

  test("a program that is not there", async () => {
    const { code, stderr } = await ctr.run(run(["--rm"], "missing", "no-such-program"));
    assert.notEqual(code, 0);
    assert.match(stderr, /no-such-program.*executable file not found in \$PATH/);
    await using _ = await started("without");
    const exec = await ctr.run(["tasks", "exec", "--exec-id", "x", "without", "no-such-program"]);
    assert.match(exec.stderr, /no-such-program.*executable file not found in \$PATH/);
  });

  test("no memory: containerd tells of it", async () => {
    let events = "";
    const [file = "", ...words] = ctr.words(["events"]);
    const child = spawn(file, words, { stdio: ["ignore", "pipe", "inherit"] });
    using _ = { [Symbol.dispose]: () => void child.kill() };
    child.stdout.setEncoding("utf8").on("data", (text: string) => {
      events += text;
    });
    await until("it listens", async () => {
      await ctr.ok(["images", "label", BOX, "a=b"]);
      return events.includes("/images/update");
    });
    const { code } = await ctr.run(
      run(
        ["--rm", "--memory-limit", "16777216"],
        "greedy",
        "sh",
        "-c",
        "sleep 0.5; tail -c 100000000 /dev/zero",
      ),
    );
    assert.equal(code, 137);
    await until("there is an event", () => events.includes("/tasks/oom"));
  });

  test("the shim is killed: its container ends and leaves nothing", async () => {
    await using _ = await started("orphan");
    const { pid } = JSON.parse(await oci.ok(["state", "orphan"]));
    const shim = Number(/^PPid:\s+(\d+)/m.exec(await readFile(`/proc/${pid}/status`, "utf8"))?.[1]);
    assert.match(await readFile(`/proc/${shim}/cmdline`, "utf8"), /containerd-shim-runc-v2/);
    process.kill(shim, "SIGKILL");
    await until("it is gone", async () => !(await oci.ok(["list", "-q"])).includes("orphan"));
    await until("it is gone for containerd, too", async () => (await statusOf("orphan")) === undefined);
  });

  test("nothing of a container is left", async () => {
    assert.equal(await oci.ok(["list", "-q"]), "");
    assert.equal(await ctr.ok(["tasks", "ls", "-q"]), "");
  });
}
