import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { chmod, mkdir, readdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, test } from "node:test";
import { buildImage, debianProgram } from "../environment/index.ts";
import { lacksCriu } from "../privileged/harness/index.ts";
import {
  assertCount,
  configureCriu,
  countingContainers,
  leavesNothing,
  needsBox,
  startTugCommand,
  until,
  useEngine,
} from "./harness/index.ts";

const docker = debianProgram("docker");

describe("tug checkpoint", { skip: needsBox() || lacksCriu() }, () => {
  const engine = useEngine(configureCriu);
  const ok = (...args: string[]): Promise<string> => engine.ok(args);
  const counting = () => countingContainers(engine);
  const refusal = async (...args: string[]): Promise<string> => {
    const { code, stderr } = await engine.tug(args);
    assert.notEqual(code, 0, args.join(" "));
    return stderr;
  };
  /** The first number that a container says from now on. */
  const nextOf = async (name: string): Promise<number | undefined> => {
    const { length } = await counting().numbers(name);
    return until("it says something", async () => (await counting().numbers(name))[length]);
  };

  test("a container ends with its checkpoint and goes on where it was", () =>
    leavesNothing(engine, async () => {
      const { runWithFile, goesOn, numbers, state } = counting();
      await runWithFile("whole", "--restart", "always");
      const since = Math.floor(Date.now() / 1000);
      assert.equal(await ok("checkpoint", "create", "whole", "first"), "first\n");
      // Its restart policy leaves it alone: somebody has ended it.
      assert.equal(await state("whole"), "exited 137");
      assert.equal(await ok("checkpoint", "ls", "whole"), "CHECKPOINT NAME\nfirst\n");
      const offered = (...words: string[]) => ok("__complete", "--", ...words);
      assert.equal(await offered("checkpoint", "rm", "whole", ""), "first\t\n");
      assert.equal(await offered("start", "--checkpoint", "f"), "first\t\n");
      assert.equal(await offered("start", "--checkpoint=f"), "--checkpoint=first\t\n");
      assert.equal(await offered("start", "--checkpoint", "other"), "");
      assert.equal(await offered("checkpoint", "rm", "nobody", ""), "");
      assert.equal(await ok("start", "--checkpoint", "first", "whole"), "whole\n");
      assert.equal(await state("whole"), "running 0");
      await goesOn("whole");
      const kept = async () => (await ok("exec", "whole", "cat", "/counted")).trim().split("\n").map(Number);
      const { length } = await kept();
      await until("its file, too", async () => (await kept()).length > length);
      assertCount(await kept());
      assert.match(await ok("top", "whole"), /sh -c exec 7/);
      const until_ = String(Math.floor(Date.now() / 1000) + 1);
      const filters = ["--since", String(since), "--until", until_, "--filter", "container=whole"];
      const actions = (await ok("events", ...filters, "--format", "{{.Action}}")).trim().split("\n");
      assert.deepEqual(actions.filter((action) => !/^exec_|^top$/.test(action)).slice(-3), [
        "checkpoint",
        "die",
        "start",
      ]);
      await ok("stop", "-t", "0", "whole");
      assert.equal(await state("whole"), "exited 137");
      // Its file has grown since: criu does not give it another one than it had.
      assert.match(await refusal("start", "--checkpoint", "first", "whole"), /File counted has bad size/);
      assert.equal(await state("whole"), "exited 128");
      await ok("start", "whole");
      await until("it has begun anew", async () => (await numbers("whole")).lastIndexOf(1) > 0);
      await ok("checkpoint", "rm", "whole", "first");
      assert.equal(await ok("checkpoint", "ls", "whole"), "CHECKPOINT NAME\n");
      await ok("rm", "-f", "whole");
    }));

  test("it goes on after a checkpoint if it is to, and can be taken back to that", () =>
    leavesNothing(engine, async () => {
      const { run, goesOn, numbers } = counting();
      await run("live");
      const directory = join(engine.directory, "elsewhere");
      const place = ["--checkpoint-dir", directory];
      await ok("checkpoint", "create", "--leave-running", ...place, "live", "now");
      const before = (await numbers("live")).length;
      await goesOn("live");
      assert.deepEqual(await readdir(directory), ["now"]);
      assert.equal(await ok("checkpoint", "ls", "live"), "CHECKPOINT NAME\n");
      assert.equal(await ok("checkpoint", "ls", ...place, "live", "--format", "{{.Name}}"), "now\n");
      await ok("kill", "live");
      await ok("wait", "live");
      const late = (await numbers("live")).length;
      await ok("start", "--checkpoint", "now", ...place, "live");
      const next = await until("it says something", async () => (await numbers("live"))[late]);
      assert.ok((next ?? 0) <= before + 1);
      assert.ok(late > before);
      await ok("rm", "-f", "live");
      // Another container of the same image can go on from it.
      await ok("create", "--name", "twin", "box", "true");
      await ok("start", "--checkpoint", "now", ...place, "twin");
      assert.ok(((await nextOf("twin")) ?? 0) > 5);
      await ok("rm", "-f", "twin");
      // Its root is mounted twice, which an overlay for one run cannot be.
      await ok("create", "--rm", "--name", "passing", "box", "true");
      await ok("start", "--checkpoint", "now", ...place, "passing");
      assert.ok(((await nextOf("passing")) ?? 0) > 5);
      await ok("checkpoint", "rm", ...place, "passing", "now");
      assert.deepEqual(await readdir(directory), []);
      await ok("rm", "-f", "passing");
    }));

  test("a paused container is kept as well, and stays paused if it is to go on", () =>
    leavesNothing(engine, async () => {
      const { run, goesOn, state } = counting();
      await run("held");
      await ok("pause", "held");
      await ok("checkpoint", "create", "--leave-running", "held", "one");
      assert.equal(await state("held"), "paused 0");
      await ok("checkpoint", "create", "held", "two");
      assert.equal(await state("held"), "exited 137");
      await ok("start", "--checkpoint", "two", "held");
      assert.equal(await state("held"), "running 0");
      await goesOn("held");
      await ok("rm", "-f", "held");
    }));

  test("mounts, volumes, secrets and images are there again", () =>
    leavesNothing(engine, async () => {
      await engine.load({
        "tools:latest": buildImage({
          layers: [
            { entries: [{ path: "tool", content: "below" }] },
            { entries: [{ path: "other", content: "above" }] },
          ],
        }),
      });
      const directory = join(engine.directory, "bound");
      await mkdir(directory);
      await chmod(directory, 0o755);
      await writeFile(join(directory, "file"), "bound");
      await writeFile(join(engine.directory, "secret"), "hush");
      await ok("secret", "create", "hush", join(engine.directory, "secret"));
      const mounts = ["-v", "kept:/kept", "-v", `${directory}:/bound:ro`, "--tmpfs", "/memory:size=1m"];
      const image = ["--mount", "type=image,source=tools,target=/tools", "--secret", "hush"];
      await counting().run("full", ...mounts, ...image);
      await ok("exec", "full", "sh", "-c", "echo volume >/kept/file; echo memory >/memory/file");
      const look = async () => {
        const script = `cat /kept/file /bound/file /memory/file /tools/tool /tools/other /run/secrets/hush
          echo; ! touch /bound/new 2>&1; ! touch /tools/new 2>&1; ls -l /proc/keys | cut -c1
          grep -c 127.0.0.1 /etc/hosts; hostname; cat /proc/mounts | cut -d ' ' -f 2,4 | sort`;
        return (await ok("exec", "full", "sh", "-c", script)).replaceAll(/,?upperdir=[^ ]*|,nsdelegate/g, "");
      };
      // The option nsdelegate belongs to the machine's hierarchy of control groups: docs/checkpoints.md.
      const before = await look();
      assert.match(before, /^volume\nboundmemory\nbelowabovehush\n/);
      await ok("checkpoint", "create", "full", "all");
      await ok("start", "--checkpoint", "all", "full");
      assert.equal(await look(), before);
      await counting().goesOn("full");
      await ok("rm", "-f", "full");
      await ok("volume", "rm", "kept");
      await ok("secret", "rm", "hush");
      await ok("rmi", "tools");
    }));

  test("a terminal goes on", () =>
    leavesNothing(engine, async () => {
      await counting().run("tty", "-t");
      await ok("checkpoint", "create", "tty", "one");
      await ok("start", "--checkpoint", "one", "tty");
      await counting().goesOn("tty");
      await ok("rm", "-f", "tty");
      // What is typed arrives, too.
      await ok("run", "-dit", "--name", "echo", "box", "cat");
      await ok("checkpoint", "create", "echo", "one");
      await using started = startTugCommand(engine, ["start", "-ai", "--checkpoint", "one", "echo"]);
      await until("it runs", async () => (await counting().state("echo")) === "running 0");
      started.child.stdin?.write("typed\n");
      await started.prints(/typed\r?\ntyped/);
      started.child.stdin?.write("\x04");
      assert.equal(await started.code, 0, started.stderr());
      await ok("rm", "-f", "echo");
    }));

  test("what a container shares and is limited by is so again", () =>
    leavesNothing(engine, async () => {
      await counting().run("base");
      for (const options of [
        ["--network", "host", "--uts", "host"],
        ["--network", "container:base", "--pid", "container:base"],
        ["--privileged", "--ipc", "host"],
        ["--cgroupns", "private", "--device", "/dev/fuse", "--memory", "64m", "--pids-limit", "30"],
        [
          "--security-opt",
          "no-new-privileges",
          "--sysctl",
          "kernel.shmmax=1000000",
          "--ulimit",
          "nofile=100:200",
        ],
      ]) {
        await counting().run("other", ...options);
        const look = () =>
          ok(
            "exec",
            "other",
            "sh",
            "-c",
            `hostname; cat /proc/sys/kernel/shmmax; ls /dev; grep -i 'open files' /proc/1/limits
             grep -E 'Cap|Seccomp:|NoNew' /proc/1/status; cat /proc/mounts | cut -d ' ' -f 2,3 | sort`,
          );
        const before = await look();
        await ok("checkpoint", "create", "other", "one");
        await ok("start", "--checkpoint", "one", "other");
        assert.equal(await look(), before, options.join(" "));
        await counting().goesOn("other");
        await ok("rm", "-f", "other");
      }
      await ok("rm", "-f", "base");
    }));

  test("health is looked at as before, and no probe disturbs a checkpoint", () =>
    leavesNothing(engine, async () => {
      const health = ["--health-cmd", "sleep 0.2; test -e /counting", "--health-interval", "100ms"];
      await counting().run("well", ...health);
      const status = async () => (await ok("inspect", "-f", "{{.State.Health.Status}}", "well")).trim();
      await until("it is healthy", async () => (await status()) === "healthy");
      for (const name of ["one", "two", "three"])
        await ok("checkpoint", "create", "--leave-running", "well", name);
      await ok("checkpoint", "create", "well", "last");
      await ok("start", "--checkpoint", "last", "well");
      await until("it is healthy again", async () => (await status()) === "healthy");
      await counting().goesOn("well");
      await ok("rm", "-f", "well");
    }));

  test("what cannot be kept or restored is refused with a sentence", () =>
    leavesNothing(engine, async () => {
      const { run, goesOn, state } = counting();
      await run("sound");
      await ok("create", "--name", "idle", "box", "true");
      assert.match(await refusal("checkpoint", "create", "idle", "one"), /container idle is not running/);
      assert.match(await refusal("checkpoint", "create", "none", "one"), /none/);
      for (const name of ["../x", ".x", "a/b", "x", "-x", "a b"])
        assert.match(await refusal("checkpoint", "create", "--", "sound", name), /Invalid checkpoint ID/);
      assert.match(await refusal("checkpoint", "rm", "--", "sound", "../.."), /Invalid checkpoint ID/);
      await ok("checkpoint", "create", "--leave-running", "sound", "one");
      const taken = /checkpoint with name one already exists for container sound/;
      assert.match(await refusal("checkpoint", "create", "sound", "one"), taken);
      const unknown = /checkpoint two does not exist for container sound/;
      assert.match(await refusal("checkpoint", "rm", "sound", "two"), unknown);
      assert.match(
        await refusal("start", "--checkpoint", "two", "idle"),
        /checkpoint two does not exist for container idle/,
      );
      assert.equal(await state("idle"), "created 0");
      assert.match(await refusal("start", "--checkpoint", "one", "idle", "sound"), /more than one container/);
      await engine.ok(["exec", "-d", "sound", "sleep", "1000"]);
      assert.match(
        await refusal("checkpoint", "create", "sound", "two"),
        /started by exec runs in it \(sleep/,
      );
      await goesOn("sound");
      await ok("rm", "-f", "sound", "idle");
      await run("tended", "--init");
      assert.match(await refusal("checkpoint", "create", "tended", "one"), /its pid 1 is tug's own/);
      await ok("rm", "-f", "tended");
      await run("booted", "--systemd=always");
      assert.match(await refusal("checkpoint", "create", "booted", "one"), /: systemd boots in it/);
      await ok("rm", "-f", "booted");
      await run("among", "--pid", "host");
      assert.match(await refusal("checkpoint", "create", "among", "one"), /numbered among the machine's/);
      await ok("rm", "-f", "among");
      await run("once", "--rm");
      assert.match(await refusal("checkpoint", "create", "once", "one"), /removed when it ends/);
      await ok("rm", "-f", "once");
      await ok(
        "run",
        "-d",
        "--name",
        "part",
        "--mount",
        "type=volume,source=whole,target=/whole",
        "box",
        "mkdir",
        "/whole/part",
      );
      await ok("rm", "-f", "part");
      await run("part", "--mount", "type=volume,source=whole,target=/part,volume-subpath=part");
      assert.match(await refusal("checkpoint", "create", "part", "one"), /a part of a volume .* on \/part/);
      await ok("rm", "-f", "part");
      await ok("volume", "rm", "whole");
    }));

  test("without criu it is said what to install", async () => {
    await counting().run("poor");
    const config = join(engine.directory, "config.yaml");
    await writeFile(config, JSON.stringify({ criu: "/nowhere/criu" }));
    try {
      const said = await refusal("checkpoint", "create", "poor", "one");
      assert.match(said, /cannot find criu: \/nowhere\/criu is no program/);
      assert.match(said, /install criu .* or say where it is with criu: in \/etc\/tug\/config.yaml/);
      await writeFile(join(engine.directory, "theirs"), "#!/bin/sh\n", { mode: 0o755 });
      await chmod(join(engine.directory, "theirs"), 0o777);
      await writeFile(config, JSON.stringify({ criu: join(engine.directory, "theirs") }));
      assert.match(await refusal("checkpoint", "create", "poor", "one"), /others than root may write to/);
    } finally {
      await configureCriu(engine);
    }
    await ok("rm", "-f", "poor");
  });

  test("what criu cannot keep is told in its own words, and the container goes on", async () => {
    // A connection to itself: criu is not asked to keep such.
    const script = `sleep 1000 | nc -l -p 7000 >/dev/null & sleep 0.5; sleep 1000 | nc 127.0.0.1 7000 &
      while :; do n=$((n+1)); echo $n; sleep 0.02; done`;
    await ok("run", "-d", "--name", "busy", "box", "sh", "-c", script);
    await until("it is connected", async () =>
      (await ok("exec", "busy", "cat", "/proc/net/tcp")).includes("0100007F:1B58 01"),
    );
    const said = await refusal("checkpoint", "create", "busy", "one");
    assert.match(said, /cannot dump the container: criu says: \S/);
    const log = /the whole log is ([^\s;]+)/.exec(said)?.[1] ?? "";
    assert.ok(existsSync(log), said);
    assert.equal(await ok("checkpoint", "ls", "busy"), "CHECKPOINT NAME\n");
    await counting().goesOn("busy");
    await ok("rm", "-f", "busy");
    assert.ok(!existsSync(log));
  });

  test("the stock client makes, lists, uses and removes checkpoints", { skip: docker.skip }, async () => {
    const run = (...args: string[]) => {
      const env = { DOCKER_HOST: `unix://${engine.run}/tug.sock`, HOME: engine.directory };
      const { status, stdout, stderr } = spawnSync(docker.path, args, { encoding: "utf8", env });
      return { status, stdout, stderr };
    };
    const { goesOn, state } = counting();
    await counting().run("stock");
    assert.deepEqual(run("checkpoint", "create", "stock", "first"), {
      status: 0,
      stdout: "first\n",
      stderr: "",
    });
    assert.equal(await state("stock"), "exited 137");
    assert.match(run("checkpoint", "ls", "stock").stdout, /^CHECKPOINT NAME\s+first\s*$/);
    assert.deepEqual(run("start", "--checkpoint", "first", "stock"), {
      status: 0,
      stdout: "",
      stderr: "",
    });
    await goesOn("stock");
    const place = `--checkpoint-dir=${join(engine.directory, "stock")}`;
    assert.equal(run("checkpoint", "create", "--leave-running", place, "stock", "second").status, 0);
    assert.equal(await state("stock"), "running 0");
    const again = run("checkpoint", "create", place, "stock", "second");
    assert.match(again.stderr, /checkpoint with name second already exists for container stock/);
    assert.equal(run("checkpoint", "rm", place, "stock", "second").status, 0);
    assert.match(run("checkpoint", "rm", "stock", "none").stderr, /checkpoint none does not exist/);
    assert.match(run("checkpoint", "create", place, "stock", "../x").stderr, /Invalid checkpoint ID/);
    await ok("rm", "-f", "stock");
  });
});
