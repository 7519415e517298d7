import assert from "node:assert/strict";
import { chmod, mkdir, mkdtemp, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { boxImage, needsBox, needsTerminal, startTerminal, type TestTerminal } from "../e2e/harness/index.ts";
import { dockerArchive } from "../environment/index.ts";
import {
  changesLimits,
  type Dockerd,
  hasSize,
  needsDockerd,
  type OciRuntime,
  onOwnMachine,
  type Program,
  program,
  residentRuntime,
  startDockerd,
  until,
} from "./harness/index.ts";

const LOOP = ["sh", "-c", "trap 'exit 9' USR1; trap 'exit 0' TERM; while :; do sleep 0.05; done"] as const;

/** containerd watches for a lack of memory once the container runs. */
const GREEDY = "sleep 0.5; tail -c 100000000 /dev/zero";

onOwnMachine(import.meta.filename, needsBox() || needsDockerd(), () => describe("dockerd", declare));

function declare(): void {
  let directory: string;
  let runtime: OciRuntime;
  let dockerd: Dockerd;
  let docker: Program;

  before(async () => {
    directory = await mkdtemp(join(tmpdir(), "t-"));
    runtime = await residentRuntime();
    dockerd = await startDockerd(directory, runtime);
    docker = dockerd.docker;
    const archive = join(directory, "box.tar");
    await writeFile(archive, dockerArchive({ "box:latest": boxImage({ format: "docker" }) }));
    await docker.ok(["load", "--input", archive]);
  });
  after(async () => {
    await dockerd?.[Symbol.asyncDispose]();
    await runtime?.[Symbol.asyncDispose]();
  });

  const run = (options: readonly string[], ...words: readonly string[]): string[] => [
    "run",
    "--runtime",
    "tug",
    "--network",
    "none",
    ...options,
    "box",
    ...words,
  ];
  const look = (name: string, format: string): Promise<string> =>
    docker.ok(["inspect", "--format", `{{${format}}}`, name]);
  const started = async (
    name: string,
    options: readonly string[] = [],
    words: readonly string[] = LOOP,
  ): Promise<AsyncDisposable> => {
    await docker.ok(run(["--detach", "--name", name, ...options], ...words));
    return { [Symbol.asyncDispose]: async () => void (await docker.run(["rm", "--force", name])) };
  };
  const atTerminal = (args: readonly string[]): Promise<TestTerminal> =>
    startTerminal(
      docker
        .words(args)
        .map((word) => `'${word}'`)
        .join(" "),
      {
        cwd: directory,
        env: { ...process.env, HOME: directory } as Record<string, string>,
        columns: 77,
        rows: 33,
      },
    );

  test("run: input, both outputs and the exit code", async () => {
    const args = run(["--rm", "--interactive"], "sh", "-c", "cat; echo bad >&2; exit 7");
    const result = await docker.run(args, { input: "typed\n" });
    assert.deepEqual(result, { code: 7, stdout: "typed\n", stderr: "bad\n" });
    assert.equal(await docker.ok(["ps", "--all", "--quiet"]), "", "--rm has removed it");
  });

  test("run --tty, and what is typed at it", { skip: needsTerminal() }, async () => {
    await using terminal = await atTerminal(run(["--rm", "-it"], "sh"));
    await terminal.endsWith(/^\/ #$/);
    await terminal.enter("tty");
    await terminal.shows(/^\/dev\/pts\/0$/);
    await hasSize(terminal, "33 77");
    await terminal.resize(66, 22);
    await hasSize(terminal, "22 66");
    await terminal.enter("exit");
    await terminal.shows(/^Pane is dead \(status 0/);
  });

  test("run: limits, users, capabilities and files", async () => {
    const process = ["--user", "1000:50", "--group-add", "users", "--workdir", "/tmp", "--env", "A=b"];
    const limits = ["--memory", "64m", "--cpus", "0.5", "--pids-limit", "50", "--ulimit", "nofile=100:200"];
    const files = [
      "--read-only",
      "--tmpfs",
      "/t:size=1m",
      "--volume",
      `${directory}/open:/h:ro`,
      "--volume",
      "v:/v",
    ];
    const rights = ["--cap-drop", "ALL", "--security-opt", "no-new-privileges", "--oom-score-adj", "321"];
    const script = `id; pwd; echo $A; ulimit -n; cat /proc/self/oom_score_adj; touch /x /h/x; touch /t/x && echo there
      grep -E '^(NoNewPrivs|Seccomp|CapBnd):' /proc/self/status
      cat /sys/fs/cgroup/memory.max /sys/fs/cgroup/memory/memory.limit_in_bytes`;
    const options = ["--rm", ...process, ...limits, ...files, ...rights];
    await mkdir(join(directory, "open"));
    await chmod(join(directory, "open"), 0o777);
    const { stdout, stderr } = await docker.run(run(options, "sh", "-c", script));
    assert.deepEqual(stdout.trim().split("\n"), [
      "uid=1000(user) gid=50(staff) groups=50(staff),100(users)",
      "/tmp",
      "b",
      "100",
      "321",
      "there",
      "CapBnd:\t0000000000000000",
      "NoNewPrivs:\t1",
      "Seccomp:\t2",
      "67108864",
    ]);
    assert.match(stderr, /touch: \/x: Read-only file system\ntouch: \/h\/x: Read-only file system/);
  });

  test("run: devices, settings of the kernel, namespaces of others, --privileged", async () => {
    const device = ["--device", "/dev/null:/dev/nix:r", "--device-cgroup-rule", "c 42:* rwm"];
    const sysctl = [
      "--sysctl",
      "kernel.msgmax=5000",
      "--shm-size",
      "3m",
      "--hostname",
      "h",
      "--domainname",
      "d",
    ];
    const script = `head -c 0 /dev/nix && echo readable; mknod /own c 42 7; mknod /other c 43 7; cat /own /other 2>&1
      cat /proc/sys/kernel/msgmax /proc/sys/kernel/domainname; hostname; df -k /dev/shm | grep -c " 3072 "`;
    assert.equal(
      await docker.ok(run(["--rm", ...device, ...sysctl], "sh", "-c", script)),
      "readable\ncat: can't open '/own': No such device or address\ncat: can't open '/other': Operation not permitted\n5000\nd\nh\n1",
    );
    await using _ = await started("owner", ["--ipc", "shareable"]);
    const joined = ["--rm", "--pid", "container:owner", "--ipc", "container:owner", "--uts", "host"];
    assert.match(await docker.ok(run(joined, "ps", "-o", "args")), /trap 'exit 9' USR1/);
    const privileged = run(
      ["--rm", "--privileged"],
      "sh",
      "-c",
      "grep -E '^Seccomp:' /proc/self/status; ls /dev/tty0",
    );
    assert.match((await docker.run(privileged)).stdout, /Seccomp:\t0/);
  });

  test("exec: input, outputs, user, exit codes and a terminal", async () => {
    await using _ = await started("busy");
    const result = await docker.run(["exec", "-i", "busy", "sh", "-c", "cat; echo bad >&2; exit 5"], {
      input: "typed\n",
    });
    assert.deepEqual(result, { code: 5, stdout: "typed\n", stderr: "bad\n" });
    const options = ["-u", "1000:50", "-w", "/tmp", "-e", "A=b"];
    assert.equal(
      await docker.ok(["exec", ...options, "busy", "sh", "-c", "id -u; pwd; echo $A"]),
      "1000\n/tmp\nb",
    );
    const capabilities = ["exec", "--privileged", "busy", "grep", "CapEff", "/proc/self/status"];
    const own = ["exec", "busy", "grep", "CapEff", "/proc/self/status"];
    assert.notEqual(await docker.ok(capabilities), await docker.ok(own));
    assert.equal((await docker.run(["exec", "busy", "sh", "-c", "kill -9 $$"])).code, 137);
    if (needsTerminal() !== false) return;
    await using terminal = await atTerminal(["exec", "-it", "busy", "sh"]);
    await terminal.endsWith(/^\/ #$/);
    await hasSize(terminal, "33 77");
  });

  test("what cannot be run is told by the exit codes of docker", async () => {
    const codes: Record<string, number> = {};
    const messages: Record<string, string> = {};
    const programs = ["no-such-program", "/no/such", "/etc/passwd", "/etc", "/etc/passwd/x"];
    await using _ = await started("here");
    for (const name of programs) {
      const { code, stderr } = await docker.run(run(["--rm"], name));
      codes[name] = code;
      messages[name] = stderr;
      assert.equal(
        (await docker.run(["exec", "here", name])).code,
        126,
        "what docker 26 makes of every failed exec",
      );
    }
    assert.deepEqual(Object.values(codes), [127, 127, 126, 126, 125]);
    assert.match(messages["no-such-program"] ?? "", /executable file not found in \$PATH/);
    const mismatch = await docker.run(run(["--rm", "--volume", `${directory}/docker.json:/etc`], "true"));
    assert.equal(mismatch.code, 125);
    assert.match(mismatch.stderr, /Are you trying to mount a directory onto a file/);
  });

  test("logs, attach and events", async () => {
    await using _ = await started("talks", [], ["sh", "-c", "echo out; echo err >&2; sleep 2; exit 4"]);
    const attached = await docker.run(["attach", "talks"]);
    assert.equal(attached.code, 4);
    const { stdout, stderr } = await docker.run(["logs", "talks"]);
    assert.deepEqual([stdout, stderr], ["out\n", "err\n"]);
    const since = [
      "--since",
      "1h",
      "--until",
      "0s",
      "--filter",
      "container=talks",
      "--format",
      "{{.Action}}",
    ];
    const told = async (): Promise<string> => (await docker.ok(["events", ...since])).replaceAll("\n", " ");
    await until("all is told", async () => /^create start attach die$/.test(await told()));
  });

  test("stats", async () => {
    await using _ = await started("measured", ["--memory", "64m"]);
    const format = "{{.MemUsage}} {{.PIDs}}";
    assert.match(
      await docker.ok(["stats", "--no-stream", "--format", format, "measured"]),
      /[1-9].* \/ 64MiB [12]$/,
    );
  });

  test("pause, unpause, kill of a paused one", async () => {
    await using _ = await started("stopped");
    await docker.ok(["pause", "stopped"]);
    assert.equal(await look("stopped", ".State.Status"), "paused");
    assert.match((await docker.run(["exec", "stopped", "true"])).stderr, /is paused/);
    await docker.ok(["unpause", "stopped"]);
    assert.equal(await docker.ok(["exec", "stopped", "echo", "on"]), "on");
    await docker.ok(["pause", "stopped"]);
    await docker.ok(["kill", "stopped"]);
    assert.equal(await docker.ok(["wait", "stopped"]), "137");
  });

  test("kill, stop, restart, start, rm", async () => {
    await using _ = await started("ends");
    await docker.ok(["kill", "--signal", "USR1", "ends"]);
    assert.equal(await docker.ok(["wait", "ends"]), "9");
    assert.match((await docker.run(["kill", "ends"])).stderr, /is not running/);
    await docker.ok(["start", "ends"]);
    const pid = await look("ends", ".State.Pid");
    await docker.ok(["restart", "--time", "5", "ends"]);
    assert.notEqual(await look("ends", ".State.Pid"), pid);
    await docker.ok(["stop", "ends"]);
    assert.equal(await look("ends", ".State.Status"), "exited");
    assert.equal(await look("ends", ".State.ExitCode"), "0");
    await docker.ok(["rm", "ends"]);
  });

  test("update", async () => {
    await using _ = await started("limited", ["--memory", "64m"]);
    await changesLimits(docker, "limited");
  });

  test("no memory, health checks, restarts", async () => {
    await using _ = await started("greedy", ["--memory", "16m"], ["sh", "-c", GREEDY]);
    assert.equal(await docker.ok(["wait", "greedy"]), "137");
    await until("it is told", async () => (await look("greedy", ".State.OOMKilled")) === "true");
    await using __ = await started("well", ["--health-cmd", "true", "--health-interval", "200ms"]);
    await until("it is well", async () => (await look("well", ".State.Health.Status")) === "healthy");
    await using ___ = await started("again", ["--restart", "on-failure:2"], ["sh", "-c", "exit 3"]);
    await until("it gave up", async () => (await look("again", ".RestartCount")) === "2");
  });

  test("nothing of a container is left", async () => {
    const oci = program([runtime.path, "--root", join(directory, "exec/runtime-tug/moby")], {
      env: runtime.env,
    });
    assert.equal(await oci.ok(["list", "--quiet"]), "");
  });
}
