import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { leavesNothing, needsBox, until, useEngine } from "./harness/index.ts";

describe("a container that lies in another one", { skip: needsBox() }, () => {
  const engine = useEngine();
  const look = async (name: string, format: string) =>
    (await engine.ok(["inspect", "-f", `{{${format}}}`, name])).trim();
  const started = async (name: string, ...options: string[]) => {
    await engine.ok(["run", "-d", "--name", name, ...options, "box", "sleep", "1000"]);
    return { [Symbol.asyncDispose]: async () => void (await engine.tug(["rm", "-f", name])) };
  };
  const names = async () =>
    (await engine.ok(["ps", "-a", "--format", "{{.Names}}"])).trim().split("\n").sort();

  test("shares its limits", async () => {
    await using _ = await started("web", "--pids-limit", "20");
    const { code, stdout, stderr } = await engine.tug([
      ...["run", "--rm", "--parent", "web", "--pids-limit", "100", "box"],
      ...["sh", "-c", "for n in $(seq 30); do sleep 5 & done; echo all"],
    ]);
    assert.notEqual(code, 0, stdout);
    assert.match(stderr, /can't fork/);
    await using __ = await started("alone", "--pids-limit", "100");
    await engine.ok(["exec", "alone", "sh", "-c", "for n in $(seq 30); do sleep 1 & done"]);
  });

  test("both go on, are listed under one another, and are told apart", async () => {
    await using _ = await started("web");
    await using __ = await started("worker", "--parent", "web");
    assert.equal(await look("worker", 'index .Config.Labels "tug.parent"'), await look("web", ".Id"));
    assert.match(await engine.ok(["ps"]), / web\n.* web\/worker\n$/);
    assert.deepEqual(await names(), ["web", "worker"]);
    assert.equal(await engine.ok(["exec", "web", "echo", "here"]), "here\n");
    assert.equal(await engine.ok(["exec", "worker", "echo", "there"]), "there\n");
    await engine.ok(["rm", "-f", "worker"]);
    assert.equal(await look("web", ".State.Status"), "running");
    assert.equal(await engine.ok(["exec", "web", "echo", "here"]), "here\n");
  });

  test("ends with it, and is started after it alone", async () => {
    await using _ = await started("web");
    await using __ = await started("worker", "--parent", "web");
    await engine.ok(["kill", "web"]);
    await engine.ok(["wait", "web"]);
    assert.equal(await engine.ok(["wait", "worker"]), "137\n");
    const { code, stderr } = await engine.tug(["start", "worker"]);
    assert.equal(code, 1);
    assert.match(stderr, /cannot start container worker: it lies in container web, which does not run/);
    await engine.ok(["start", "web"]);
    await engine.ok(["start", "worker"]);
    assert.equal(await look("worker", ".State.Status"), "running");
  });

  test("is removed with it, at any depth", () =>
    leavesNothing(engine, async () => {
      await using _ = await started("web");
      await started("worker", "--parent", "web");
      await started("deep", "--parent", "worker");
      await engine.ok(["rm", "-f", "web"]);
      assert.deepEqual(await names(), [""]);
    }));

  test("is removed with one that is removed when it ends", () =>
    leavesNothing(engine, async () => {
      await using _ = await started("brief", "--rm");
      await started("worker", "--parent", "brief");
      await engine.ok(["kill", "brief"]);
      await until("nothing is left", async () => (await names()).join() === "");
    }));

  test("is removed once, whoever removes it", () =>
    leavesNothing(engine, async () => {
      for (const option of ["--rm", "--init"]) {
        await started("web", option);
        await started("worker", "--parent", "web", option);
        await engine.ok(["rm", "-f", "web"]);
        await until("nothing is left", async () => (await names()).join() === "");
      }
    }));

  test("has no restart policy and no other control group", async () => {
    await using _ = await started("web");
    for (const option of [
      ["--restart", "always"],
      ["--cgroup-parent", "/x"],
    ]) {
      const { code, stderr } = await engine.tug(["run", "-d", "--parent", "web", ...option, "box", "true"]);
      assert.equal(code, 125);
      assert.match(stderr, new RegExp(`^tug: invalid ${option[0]}: .*container`));
    }
    const missing = await engine.tug(["run", "--parent", "nobody", "box", "true"]);
    assert.match(missing.stderr, /no such container: nobody/i);
  });
});
