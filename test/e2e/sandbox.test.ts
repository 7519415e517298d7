import assert from "node:assert/strict";
import { release } from "node:os";
import { describe, test } from "node:test";
import {
  configureSandbox,
  leavesNothing,
  needsBox,
  needsSandbox,
  stopStartKill,
  trapping,
  useEngine,
} from "./harness/index.ts";

describe("containers in sandboxes of gVisor", { skip: needsBox() || needsSandbox() }, () => {
  const engine = useEngine(configureSandbox);
  const sandbox = ["--runtime", "runsc"];
  const inspect = async (name: string, template: string) =>
    (await engine.ok(["inspect", "-f", template, name])).trim();

  test("a program runs on a kernel that is not the machine's; output, input and exit code are its own", async () => {
    await leavesNothing(engine, async () => {
      const run = (...words: string[]) => engine.tug(["run", "--rm", ...sandbox, ...words]);
      const kernel = await run("box", "uname", "-r");
      assert.equal(kernel.code, 0, kernel.stderr);
      assert.notEqual(kernel.stdout.trim(), release());
      const both = await run("box", "sh", "-c", "echo out; echo err >&2; exit 7");
      assert.deepEqual([both.code, both.stdout, both.stderr], [7, "out\n", "err\n"]);
      const input = "x".repeat(100_000);
      const counted = await engine.ok(["run", "--rm", "-i", ...sandbox, "box", "wc", "-c"], { input });
      assert.equal(counted, "100000\n");
    });
  });

  test("user, hostname, working directory, volumes and a read-only root are as asked for", async () => {
    const script = "id -u; hostname; cat /data/file; pwd; echo more >> /data/file";
    const options = ["-u", "33", "--hostname", "far", "-v", "kept:/data", "-w", "/etc"];
    await engine.ok([
      "run",
      "--rm",
      "-v",
      "kept:/data",
      "box",
      "sh",
      "-c",
      "echo text > /data/file; chmod 666 /data/file",
    ]);
    const out = await engine.sh([...sandbox, ...options], script);
    assert.deepEqual(out.split("\n"), ["33", "far", "text", "/etc"]);
    assert.equal(await engine.sh(["-v", "kept:/data"], "cat /data/file"), "text\nmore");
    const refused = await engine.sh([...sandbox, "--read-only"], "touch /x 2>/dev/null || echo refused");
    assert.equal(refused, "refused");
  });

  test("exec, stats, stop, start, kill, wait, logs and rm", async () => {
    await leavesNothing(engine, async () => {
      await engine.ok(["run", "-d", "--name", "web", "-m", "256m", ...sandbox, "box", "sh", "-c", trapping]);
      assert.equal(await inspect("web", "{{.HostConfig.Runtime}} {{.State.Status}}"), "runsc running");
      const exec = await engine.tug(["exec", "-u", "33", "web", "sh", "-c", "id -u; echo e >&2; exit 5"]);
      assert.deepEqual([exec.code, exec.stdout, exec.stderr], [5, "33\n", "e\n"]);
      assert.equal(await engine.ok(["exec", "-i", "web", "cat"], { input: "through" }), "through");
      const shown = await engine.ok(["stats", "--no-stream", "--format", "{{.MemUsage}}", "web"]);
      assert.match(shown, /MiB \/ 256MiB\n$/);
      await stopStartKill(engine);
    });
  });

  test("pause holds it, and what the host does not see is refused", async () => {
    await leavesNothing(engine, async () => {
      await engine.ok(["run", "-d", "--name", "web", ...sandbox, "box", "sleep", "900"]);
      await engine.ok(["pause", "web"]);
      assert.equal(await inspect("web", "{{.State.Status}}"), "paused");
      await engine.ok(["unpause", "web"]);
      await engine.ok(["exec", "web", "true"]);
      const top = await engine.tug(["top", "web"]);
      assert.match(top.stderr, /runtime runsc shows the host a sandbox only/);
      await engine.ok(["rm", "-f", "web"]);
    });
  });

  test("a program that is not there is 127 and one sentence", async () => {
    await leavesNothing(engine, async () => {
      const missing = await engine.tug(["run", "--rm", "--name", "wrong", ...sandbox, "box", "nonesuch"]);
      assert.deepEqual([missing.code, missing.stdout], [127, ""]);
      assert.match(
        missing.stderr,
        /^tug: cannot start container wrong: .*\(runtime runsc\): .*nonesuch.*\n$/,
      );
    });
  });
});
