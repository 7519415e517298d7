import assert from "node:assert/strict";
import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { describe, test } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { leavesNothing, needsBox, until, useEngine } from "./harness/index.ts";

describe("containers that are removed when they end", { skip: needsBox() }, () => {
  const engine = useEngine();
  const stray = (): string[] =>
    [join(engine.data, "snapshots"), join(engine.data, "containers"), join(engine.run, "containers")]
      .filter((path) => existsSync(path))
      .flatMap((path) => readdirSync(path).filter((name) => /^([0-9a-f]{64}|removed-.*)$/.test(name)));

  test("are found by nobody when the command ends, and their names are free", async () => {
    await leavesNothing(engine, async () => {
      for (let round = 0; round < 3; round += 1) {
        await engine.sh(["--name", "again"], "touch /a /b");
        assert.equal(await engine.ok(["ps", "-aq"]), "");
        const { code, stderr } = await engine.tug(["inspect", "again"]);
        assert.equal(code, 1);
        assert.match(stderr, /no such object/i);
      }
    });
  });

  test("keep their image until they are gone, and not longer", async () => {
    await engine.ok(["tag", "box", "box:used"]);
    await leavesNothing(engine, async () => {
      const script = "mkdir -p /many/$(seq -s / 1 50); for i in $(seq 500); do echo $i >/many/$i; done";
      await engine.ok(["run", "--rm", "box:used", "sh", "-c", script]);
      await engine.ok(["rmi", "box:used"]);
      await engine.ok(["tag", "box", "box:used"]);
    });
    await engine.ok(["rmi", "box:used"]);
  });

  test("stay when they are restarted, with what they have written, and go with their end", async () => {
    await leavesNothing(engine, async () => {
      const script = "echo begin >>/log; trap 'exit 3' TERM; while :; do sleep 0.05; done";
      await engine.ok(["run", "-d", "--rm", "--name", "again", "box", "sh", "-c", script]);
      for (let round = 2; round < 4; round += 1) {
        await engine.ok(["restart", "-t", "0", "again"]);
        await until("it runs", async () =>
          (await engine.ok(["exec", "again", "cat", "/log"])).startsWith("begin\n".repeat(round)),
        );
      }
      await engine.ok(["stop", "again"]);
      assert.equal(await engine.ok(["ps", "-aq"]), "");
    });
  });

  test("are removed by the next engine when this one is killed before", async () => {
    for (let round = 0; round < 3; round += 1) {
      await engine.ok(["run", "--rm", "box", "sh", "-c", "for i in $(seq 200); do echo $i >/$i; done"]);
      await engine.stopEngine("SIGKILL");
    }
    assert.equal(await engine.ok(["ps", "-aq"]), "");
    assert.deepEqual(stray(), []);
  });

  test("go with their end also when no engine saw it", async () => {
    await engine.ok(["run", "-d", "--rm", "--name", "alone", "box", "sh", "-c", "read x </dev/zero"]);
    const pid = Number(await engine.ok(["inspect", "-f", "{{.State.Pid}}", "alone"]));
    await engine.stopEngine("SIGKILL");
    process.kill(pid, "SIGKILL");
    while (existsSync(`/proc/${pid}`)) await delay(5);
    assert.equal(await engine.ok(["ps", "-aq"]), "");
    assert.deepEqual(stray(), []);
  });

  test("what a power loss leaves of a container whose row it took is removed", async () => {
    await engine.ok(["run", "-d", "--name", "lost", "box", "sleep", "1000"]);
    await engine.ok(["stop", "-t", "0", "lost"]);
    const id = (await engine.ok(["inspect", "-f", "{{.Id}}", "lost"])).trim();
    // A power loss takes the run directory anyway.
    await until("its run is over", async () => !existsSync(join(engine.run, "containers", id)));
    await engine.stopEngine("SIGKILL");
    const database = new DatabaseSync(join(engine.data, "tug.db"));
    database.exec(`DELETE FROM containers WHERE id = '${id}'; DELETE FROM snapshots WHERE key = '${id}'`);
    database.close();
    assert.equal(await engine.ok(["ps", "-aq"]), "");
    assert.deepEqual(stray(), []);
  });
});

describe("an engine that died while it started a container", { skip: needsBox() }, () => {
  const engine = useEngine();

  test("leaves it to the next one, which takes it up", async () => {
    await engine.ok([
      "run",
      "-d",
      "--name",
      "begun",
      "box",
      "sh",
      "-c",
      "trap 'exit 5' TERM; while :; do sleep 0.1; done",
    ]);
    const [id = "", pid = ""] = (await engine.ok(["inspect", "-f", "{{.Id}} {{.State.Pid}}", "begun"]))
      .trim()
      .split(" ");
    await engine.stopEngine("SIGKILL");
    const database = new DatabaseSync(join(engine.data, "tug.db"));
    database.exec(`UPDATE containers SET state = json_set(state, '$.status', 'starting', '$.pid', 0, '$.startTime', '0')
      WHERE id = '${id}'`);
    database.close();
    assert.equal(
      (await engine.ok(["inspect", "-f", "{{.State.Status}} {{.State.Pid}}", "begun"])).trim(),
      `running ${pid}`,
    );
    await engine.ok(["exec", "begun", "true"]);
    await engine.ok(["stop", "begun"]);
    assert.equal((await engine.ok(["inspect", "-f", "{{.State.ExitCode}}", "begun"])).trim(), "5");
    await engine.ok(["rm", "begun"]);
  });
});
