import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { chmod, chown, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, test } from "node:test";
import { promisify } from "node:util";
import { debianProgram } from "../environment/index.ts";
import {
  configureRuntimes,
  leavesNothing,
  needsBox,
  needsRuntime,
  otherRuntimes,
  stopStartKill,
  trapping,
  useEngine,
} from "./harness/index.ts";

const docker = debianProgram("docker");
const needs = needsBox() || needsRuntime("runc") || needsRuntime("crun");

describe("tug run --runtime", { skip: needs }, () => {
  const engine = useEngine(configureRuntimes);
  const inspect = async (name: string, template: string) =>
    (await engine.ok(["inspect", "-f", template, name])).trim();

  for (const runtime of otherRuntimes) {
    test(`${runtime}: output, input and exit codes are the program's, and nothing is left`, async () => {
      await leavesNothing(engine, async () => {
        const run = (...words: string[]) => engine.tug(["run", "--rm", "--runtime", runtime, ...words]);
        const both = await run("box", "sh", "-c", "echo out; echo err >&2; exit 7");
        assert.deepEqual([both.code, both.stdout, both.stderr], [7, "out\n", "err\n"]);
        const input = "x".repeat(300_000);
        const counted = await engine.ok(["run", "--rm", "-i", "--runtime", runtime, "box", "wc", "-c"], {
          input,
        });
        assert.equal(counted, "300000\n");
      });
    });

    test(`${runtime}: a container is of the user, the limits and the mounts that it asks for`, async () => {
      const script = "id -u; hostname; stat -c %U /etc; grep -c ' /data ' /proc/mounts; cat /data/file; pwd";
      const options = ["-u", "33", "--hostname", "far", "-v", "kept:/data", "-w", "/etc", "--read-only"];
      await engine.ok(["run", "--rm", "-v", "kept:/data", "box", "sh", "-c", "echo text > /data/file"]);
      const out = await engine.sh(["--runtime", runtime, ...options], script);
      assert.deepEqual(out.split("\n"), ["33", "far", "root", "1", "text", "/etc"]);
    });

    test(`${runtime}: a program that cannot be executed is 127 or 126 and one sentence`, async () => {
      await leavesNothing(engine, async () => {
        const run = (program: string) =>
          engine.tug(["run", "--rm", "--name", "wrong", "--runtime", runtime, "box", program]);
        const missing = await run("nonesuch");
        assert.deepEqual([missing.code, missing.stdout], [127, ""]);
        assert.match(
          missing.stderr,
          new RegExp(
            `^tug: cannot start container wrong: cannot create the container \\(runtime ${runtime}\\): .*nonesuch.*not found.*\n$`,
          ),
        );
        const plain = await run("/etc/passwd");
        assert.equal(plain.code, 126);
        assert.match(plain.stderr, /^tug: .*\/etc\/passwd.*(denied|not executable).*\n$/);
      });
    });

    test(`${runtime}: exec, stop, start, kill, wait, logs and rm`, async () => {
      await leavesNothing(engine, async () => {
        await engine.ok(["run", "-d", "--name", "web", "--runtime", runtime, "box", "sh", "-c", trapping]);
        assert.equal(await inspect("web", "{{.HostConfig.Runtime}} {{.State.Status}}"), `${runtime} running`);
        const exec = await engine.tug(["exec", "-u", "33", "web", "sh", "-c", "id -u; echo e >&2; exit 5"]);
        assert.deepEqual([exec.code, exec.stdout, exec.stderr], [5, "33\n", "e\n"]);
        assert.equal((await engine.tug(["exec", "web", "sh", "-c", "kill -9 $$"])).code, 137);
        for (let round = 0; round < 10; round += 1) await engine.ok(["exec", "web", "true"]);
        assert.equal(await engine.ok(["exec", "-i", "web", "cat"], { input: "through" }), "through");
        const missing = await engine.tug(["exec", "web", "nonesuch"]);
        assert.equal(missing.code, 127);
        assert.match(missing.stderr, /^cannot exec in container web: .*nonesuch.*not found.*\r?\n$/);
        await stopStartKill(engine);
      });
    });
  }

  test("a runtime that is not there is refused with those that are", async () => {
    const { code, stderr } = await engine.tug(["run", "--rm", "--runtime", "nonesuch", "box", "true"]);
    assert.equal(code, 125);
    assert.match(stderr, /there is no runtime nonesuch\nuse tug, .*runc.*, or add it to the configuration/);
  });

  test("info lists the runtimes with their programs", async () => {
    const listed = JSON.parse(await engine.ok(["info", "-f", "{{json .Runtimes}}"]));
    assert.deepEqual(listed.crun, { path: join(engine.directory, "crun") });
    assert.deepEqual(listed.tug, { path: "" });
    assert.equal(await engine.ok(["info", "-f", "{{.DefaultRuntime}}"]), "tug\n");
  });

  test("what only tug's own runtime can do is refused with what to do", async () => {
    const refused = async (...options: string[]) => {
      const { code, stderr } = await engine.tug(["create", "--runtime", "runc", ...options, "box", "true"]);
      assert.equal(code, 1);
      return stderr;
    };
    assert.match(
      await refused("--init"),
      /runtime runc cannot do that: .*--init.*\nleave that out, or use --runtime tug/,
    );
    assert.match(await refused("-v", "/tmp:/x:rshared"), /below \/x would not reach the host/);
  });

  test("what the host does not see of a sandbox is refused while it runs", async () => {
    await leavesNothing(engine, async () => {
      await engine.ok(["run", "-d", "--name", "web", "--runtime", "boxed", "box", "sleep", "900"]);
      const top = await engine.tug(["top", "web"]);
      const shows =
        "while it runs: runtime boxed shows the host a sandbox only\nstop it first (tug stop web)";
      assert.ok(top.stderr.includes(`cannot list the processes of container web ${shows}`), top.stderr);
      const file = join(engine.directory, "copied");
      const copy = await engine.tug(["cp", "web:/etc/passwd", file]);
      assert.ok(copy.stderr.includes(`cannot copy from or to container web ${shows}`), copy.stderr);
      const joined = await engine.tug(["run", "--rm", "--pid", "container:web", "box", "true"]);
      assert.match(joined.stderr, /cannot join the pid namespace of container web: it is in a sandbox/);
      const shared = await engine.tug(["run", "--rm", "--runtime", "boxed", "--pid", "host", "box", "true"]);
      assert.match(shared.stderr, /its sandbox shares no process or IPC namespace/);
      await engine.ok(["stop", "-t", "0", "web"]);
      await engine.ok(["cp", "web:/etc/passwd", file]);
      await rm(file);
      await engine.ok(["rm", "web"]);
    });
  });

  test("the stock docker client names a runtime, or none", { skip: docker.skip }, async () => {
    await leavesNothing(engine, async () => {
      const env = {
        DOCKER_HOST: `unix://${engine.run}/tug.sock`,
        HOME: engine.directory,
        DOCKER_CONFIG: engine.directory,
      };
      const run = async (...args: string[]) =>
        (await promisify(execFile)(docker.path, args, { env })).stdout.trim();
      assert.equal(await run("run", "--rm", "--runtime", "crun", "box", "echo", "hi"), "hi");
      const runtimeOf = async (...options: string[]) => {
        await run("run", "-d", "--name", "web", ...options, "box", "sleep", "900");
        await run("exec", "web", "true");
        const name = await run("inspect", "-f", "{{.HostConfig.Runtime}}", "web");
        await run("rm", "-f", "web");
        return name;
      };
      assert.equal(await runtimeOf(), "tug");
      assert.equal(await runtimeOf("--runtime", "io.containerd.runc.v2"), "tug");
      assert.equal(await runtimeOf("--runtime", "runc"), "runc");
      assert.match(await run("info"), /Runtimes: .*crun.*\n Default Runtime: tug\n/);
      await assert.rejects(run("run", "--runtime", "nonesuch", "box"), /there is no runtime nonesuch/);
    });
  });

  test("the configuration's default is for whoever names none, and a wrong one is told", async () => {
    const file = join(engine.directory, "config.yaml");
    const before = await readFile(file, "utf8");
    try {
      await writeFile(file, JSON.stringify({ ...JSON.parse(before), "default-runtime": "crun" }));
      await engine.ok(["create", "--name", "web", "box", "true"]);
      assert.equal(await inspect("web", "{{.HostConfig.Runtime}}"), "crun");
      assert.equal(await engine.ok(["start", "-a", "web"]), "");
      await engine.ok(["rm", "web"]);
      await writeFile(file, "runtimes: {crun: {program: crun}}");
      const { code, stderr } = await engine.tug(["run", "--rm", "box", "true"]);
      assert.equal(code, 125);
      assert.match(stderr, /config\.yaml#\/runtimes\/crun\/(program: no such member|path: it is missing)/);
      assert.match((await engine.tug(["info"])).stdout, /^WARNING: cannot use the configuration/m);
    } finally {
      await writeFile(file, before);
    }
  });

  test("a program that others could change is not run", async () => {
    const explain = async () => {
      const own = await engine.tug(["explain", "run", "--runtime", "runc", "box", "true"]);
      return own.stderr;
    };
    const original = join(engine.directory, "runc");
    await chmod(original, 0o777);
    try {
      assert.match(await explain(), /cannot use runtime runc: others than root may write to .*\/runc\n/);
      await chmod(original, 0o755);
      await chown(original, 33, 33);
      assert.match(await explain(), /cannot use runtime runc: .*\/runc does not belong to root\n/);
    } finally {
      await chown(original, 0, 0);
      await chmod(original, 0o755);
    }
    assert.equal(await explain(), "");
  });
});
