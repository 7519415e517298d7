import assert from "node:assert/strict";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
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

  test("ends, or is removed, by the next engine where one died between its end and that of the outer one", () =>
    leavesNothing(engine, async () => {
      await using _ = await started("web");
      await using __ = await started("worker", "--parent", "web");
      await started("brief");
      await started("left", "--parent", "brief");
      await engine.ok(["stop", "-t", "0", "left"]);
      const [web, brief] = [await look("web", ".Id"), await look("brief", ".Id")];
      await engine.stopEngine("SIGKILL");
      const database = new DatabaseSync(join(engine.data, "tug.db"));
      const change = database.prepare(
        "UPDATE containers SET state = json_set(state, '$.status', ?) WHERE id = ?",
      );
      change.run("exited", web);
      change.run("removing", brief);
      database.close();
      await until("the removal is complete", async () => (await names()).join() === "web,worker");
      assert.equal(await engine.ok(["wait", "worker"]), "137\n");
    }));

  test("is removed with one that is pruned", () =>
    leavesNothing(engine, async () => {
      await started("web", "--label", "old");
      await started("worker", "--parent", "web");
      await engine.ok(["kill", "web"]);
      await engine.ok(["wait", "worker"]);
      await engine.ok(["container", "prune", "-f", "--filter", "label=old"]);
      assert.deepEqual(await names(), [""]);
    }));

  test("is removed with one that cannot be started and is removed for that", () =>
    leavesNothing(engine, async () => {
      await engine.ok(["create", "--rm", "--name", "brief", "box", "/missing"]);
      await engine.ok(["create", "--name", "worker", "--parent", "brief", "box", "true"]);
      assert.notEqual((await engine.tug(["start", "brief"])).code, 0);
      await until("nothing is left", async () => (await names()).join() === "");
    }));

  test("gets no restart policy later", async () => {
    await using _ = await started("web");
    await using __ = await started("worker", "--parent", "web");
    const { code, stderr } = await engine.tug(["update", "--restart", "always", "worker"]);
    assert.equal(code, 1);
    assert.match(stderr, /cannot update container worker: it ends with the one that it lies in/);
    await engine.ok(["update", "--restart", "no", "-m", "64m", "worker"]);
  });

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
