import assert from "node:assert/strict";
import { mkdir, mkdtemp, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { boxImage, needsBox, needsTerminal, startTerminal, type TestTerminal } from "../e2e/harness/index.ts";
import { dockerArchive } from "../environment/index.ts";
import {
  aloneRuntime,
  changesLimits,
  hasSize,
  needsPodman,
  type OciRuntime,
  onOwnMachine,
  openPodman,
  type Program,
  program,
  until,
} from "./harness/index.ts";

const LOOP = ["sh", "-c", "trap 'exit 9' USR1; trap 'exit 0' TERM; while :; do sleep 0.05; done"] as const;

onOwnMachine(import.meta.filename, needsBox() || needsPodman(), () => {
  describe("podman and conmon", declare);
});

function declare(): void {
  let directory: string;
  let runtime: OciRuntime;
  let podman: Program;

  before(async () => {
    directory = await mkdtemp(join(tmpdir(), "t-"));
    runtime = await aloneRuntime(directory);
    ({ podman } = await openPodman(directory, runtime));
    const archive = join(directory, "box.tar");
    await writeFile(archive, dockerArchive({ "box:latest": boxImage({ format: "docker" }) }));
    await podman.ok(["load", "--quiet", "--input", archive]);
  });
  after(() => runtime?.[Symbol.asyncDispose]());

  const run = (options: readonly string[], ...words: readonly string[]): string[] => [
    "run",
    "--network",
    "none",
    ...options,
    "box",
    ...words,
  ];
  const look = (name: string, format: string): Promise<string> =>
    podman.ok(["inspect", "--format", `{{${format}}}`, name]);
  const started = async (
    name: string,
    options: readonly string[] = [],
    words: readonly string[] = LOOP,
  ): Promise<AsyncDisposable> => {
    await podman.ok(run(["--detach", "--name", name, ...options], ...words));
    return {
      [Symbol.asyncDispose]: async () => void (await podman.run(["rm", "--force", "--time", "0", name])),
    };
  };

  test("run: input, both outputs and the exit code", async () => {
    const args = run(["--rm", "--interactive"], "sh", "-c", "cat; echo bad >&2; exit 7");
    const result = await podman.run(args, { input: "typed\n" });
    assert.deepEqual(result, { code: 7, stdout: "typed\n", stderr: "bad\n" });
    assert.equal(await podman.ok(["ps", "--all", "--quiet"]), "", "--rm has removed it");
    assert.equal(await podman.ok(["run", "--rm", "--network", "host", "box", "echo", "here"]), "here");
  });

  const atTerminal = (args: readonly string[]): Promise<TestTerminal> =>
    startTerminal(podman.words(args).map(quote).join(" "), {
      cwd: directory,
      env: { ...process.env, ...podman.env } as Record<string, string>,
      columns: 77,
      rows: 33,
    });

  test("run and exec --tty", { skip: needsTerminal() }, async () => {
    await using terminal = await atTerminal(run(["--rm", "-it", "--name", "tty"], "sh"));
    await terminal.endsWith(/^\/ #$/);
    await terminal.enter("tty");
    await terminal.shows(/^\/dev\/pts\/0$/);
    await hasSize(terminal, "33 77");
    await using second = await atTerminal(["exec", "-it", "tty", "sh"]);
    await second.endsWith(/^\/ #$/);
    await second.enter("tty");
    await second.shows(/^\/dev\/pts\/1$/);
    await hasSize(second, "33 77");
    await terminal.enter("exit");
    await terminal.shows(/^Pane is dead \(status 0/);
  });

  test("run: limits, users, capabilities and files", async () => {
    const process = ["--user", "1000:50", "--group-add", "users", "--workdir", "/tmp", "--env", "A=b"];
    const limits = ["--memory", "64m", "--cpus", "0.5", "--pids-limit", "50", "--ulimit", "nofile=100:200"];
    const open = join(directory, "open");
    await mkdir(open);
    const files = ["--read-only", "--tmpfs", "/t:size=1m", "--volume", `${open}:/h:ro`, "--volume", "v:/v"];
    const rights = ["--cap-drop", "ALL", "--security-opt", "no-new-privileges", "--oom-score-adj", "321"];
    const more = ["--hostname", "h", "--umask", "077", "--sysctl", "kernel.msgmax=5000", "--shm-size", "3m"];
    const script = `id; pwd; echo $A; ulimit -n; cat /proc/self/oom_score_adj; hostname; umask; cat /proc/sys/kernel/msgmax
      touch /x; grep -E '^(NoNewPrivs|Seccomp|CapBnd):' /proc/self/status
      cat /sys/fs/cgroup/memory.max /sys/fs/cgroup/memory/memory.limit_in_bytes`;
    const options = ["--rm", ...process, ...limits, ...files, ...rights, ...more];
    const { stdout, stderr } = await podman.run(run(options, "sh", "-c", script));
    assert.deepEqual(stdout.trim().split("\n"), [
      "uid=1000(user) gid=50(staff) groups=50(staff),100(users)",
      "/tmp",
      "b",
      "100",
      "321",
      "h",
      "0077",
      "5000",
      "CapBnd:\t0000000000000000",
      "NoNewPrivs:\t1",
      "Seccomp:\t2",
      "67108864",
    ]);
    assert.match(stderr, /touch: \/x: Read-only file system/);
  });

  test("run: user namespaces with mapped volumes, systemd's mounts, no control group", async () => {
    const own = join(directory, "own");
    await mkdir(own);
    const map = ["--uidmap", "0:100000:65536", "--gidmap", "0:100000:65536", "--volume", `${own}:/h:idmap`];
    const script = "cat /proc/self/uid_map; touch /h/x; stat -c %u /h/x";
    const mapped = await podman.ok(run(["--rm", ...map], "sh", "-c", script));
    assert.match(mapped, /^\s+0\s+100000\s+65536\n0$/);
    const systemd = run(
      ["--rm", "--systemd", "always"],
      "grep",
      "-c",
      "^tmpfs /\\(run\\|tmp\\) ",
      "/proc/mounts",
    );
    assert.equal(await podman.ok(systemd), "2");
    const groups = await podman.ok(run(["--rm", "--cgroups", "disabled"], "cat", "/proc/self/cgroup"));
    assert.doesNotMatch(groups, /libpod-/);
    const split = await podman.ok(run(["--rm", "--cgroups", "split"], "cat", "/proc/self/cgroup"));
    assert.match(split, /libpod-payload-/);
    const status = ["--rm", "--personality", "LINUX32", "--device", "/dev/null:/dev/nix"];
    assert.match(await podman.ok(run(status, "sh", "-c", "uname -m; ls /dev/nix")), /^i686\n\/dev\/nix$/);
  });

  test("exec: input, outputs, user, descriptors and exit codes", async () => {
    await using _ = await started("busy");
    const result = await podman.run(["exec", "-i", "busy", "sh", "-c", "cat; echo bad >&2; exit 5"], {
      input: "typed\n",
    });
    assert.deepEqual(result, { code: 5, stdout: "typed\n", stderr: "bad\n" });
    const options = ["-u", "1000:50", "-w", "/tmp", "-e", "A=b"];
    const words = ["sh", "-c", "id -u; pwd; echo $A"];
    assert.equal(await podman.ok(["exec", ...options, "busy", ...words]), "1000\n/tmp\nb");
    const shell = program(["sh", "-c", 'exec "$0" "$@" 3</etc/hostname', ...podman.words([])], {
      env: podman.env,
      cwd: directory,
    });
    assert.notEqual(await shell.ok(["exec", "--preserve-fds", "1", "busy", "cat", "/proc/self/fd/3"]), "");
    await podman.ok(["exec", "--detach", "busy", "sleep", "33"]);
    await until("it runs", async () =>
      (await podman.ok(["exec", "busy", "ps", "-o", "args"])).includes("sleep 33"),
    );
    assert.equal((await podman.run(["exec", "busy", "sh", "-c", "kill -9 $$"])).code, 137);
  });

  test("what cannot be run is told by podman's exit codes and words", async () => {
    await using _ = await started("here");
    for (const [name, code, words] of [
      ["no-such-program", 127, /executable file not found in \$PATH.*command that was not found/],
      ["/no/such", 127, /no such file or directory.*command that was not found/],
      ["/etc/passwd", 126, /OCI permission denied/],
    ] as const) {
      for (const args of [run(["--rm"], name), ["exec", "here", name]]) {
        const result = await podman.run(args);
        assert.equal(result.code, code, `${args.join(" ")}: ${result.stderr}`);
        assert.match(result.stderr, words);
      }
    }
    assert.match((await podman.run(run(["--rm"], "/etc"))).stderr, /\/etc.*is a directory/);
  });

  test("logs and attach", async () => {
    await using _ = await started("talks", [], ["sh", "-c", "echo out; echo err >&2; sleep 2; exit 4"]);
    await podman.ok(["attach", "talks"]);
    assert.equal(await podman.ok(["wait", "talks"]), "4");
    const { stdout, stderr } = await podman.run(["logs", "talks"]);
    assert.deepEqual([stdout, stderr], ["out\n", "err\n"]);
  });

  test("stats and top", async () => {
    await using _ = await started("measured", ["--memory", "64m"]);
    const format = "{{.PIDs}} {{.MemUsage}}";
    const stats = await podman.ok(["stats", "--no-stream", "--format", format, "measured"]);
    assert.match(stats, /^[12] [1-9].* \/ 67.11MB$/);
    assert.match(await podman.ok(["top", "measured", "pid", "args"]), /^1 +sh -c trap/m);
  });

  test("pause, unpause, kill, stop, restart, start, init, rm", async () => {
    await using _ = await started("lives");
    await podman.ok(["pause", "lives"]);
    assert.equal(await look("lives", ".State.Status"), "paused");
    assert.match((await podman.run(["exec", "lives", "true"])).stderr, /running|paused/);
    await podman.ok(["unpause", "lives"]);
    await podman.ok(["kill", "--signal", "USR1", "lives"]);
    assert.equal(await podman.ok(["wait", "lives"]), "9");
    assert.match((await podman.run(["kill", "lives"])).stderr, /can only kill running containers/);
    await podman.ok(["start", "lives"]);
    const pid = await look("lives", ".State.Pid");
    await podman.ok(["restart", "--time", "5", "lives"]);
    assert.notEqual(await look("lives", ".State.Pid"), pid);
    await podman.ok(["stop", "lives"]);
    assert.equal(await look("lives", ".State.ExitCode"), "0");
    await podman.ok(["init", "lives"]);
    assert.equal(await look("lives", ".State.Status"), "initialized");
    await podman.ok(["rm", "lives"]);
  });

  test("update", async () => {
    await using _ = await started("limited", ["--memory", "64m"]);
    await changesLimits(podman, "limited");
  });

  test("no memory; a health check; a restart policy; a pod", async () => {
    const script = "sleep 0.5; tail -c 100000000 /dev/zero";
    await using _ = await started("greedy", ["--memory", "16m"], ["sh", "-c", script]);
    assert.equal(await podman.ok(["wait", "greedy"]), "137");
    assert.equal(await look("greedy", ".State.OOMKilled"), "true");
    await using __ = await started("well", ["--health-cmd", "true", "--health-interval", "disable"]);
    await podman.ok(["healthcheck", "run", "well"]);
    await using ___ = await started("again", ["--restart", "on-failure:2"], ["sh", "-c", "exit 3"]);
    await until("it gave up", async () => (await look("again", ".RestartCount")) === "2");
    await podman.ok(["pod", "create", "--infra=false", "--name", "pod"]);
    assert.equal(await podman.ok(run(["--rm", "--pod", "pod"], "echo", "there")), "there");
    await podman.ok(["pod", "rm", "pod"]);
  });

  test("nothing of a container is left", async () => {
    const oci = program([runtime.path, "--root", "/run/runc"], { env: runtime.env });
    assert.equal(await oci.ok(["list", "--quiet"]), "");
    assert.equal(await podman.ok(["ps", "--all", "--quiet"]), "");
  });
}

function quote(word: string): string {
  return `'${word.replaceAll("'", `'\\''`)}'`;
}
