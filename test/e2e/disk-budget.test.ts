import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { describe, test } from "node:test";
import { buildImage } from "../environment/index.ts";
import { askApi, needsBox, until, useEngine } from "./harness/index.ts";

const HOUR = 3_600_000;

/** Takes 2 MB, half of it as a blob. */
const large = () =>
  buildImage({
    layers: [{ entries: [{ path: "own", content: randomBytes(1_000_000) }], compression: "none" }],
  });

describe("a budget of the disk", { skip: needsBox() }, () => {
  const file = (directory: string): string => join(directory, "config.yaml");
  const engine = useEngine(async (instance) => {
    await writeFile(file(instance.directory), "");
    Object.assign(instance.env, { TUG_CONFIG: file(instance.directory) });
  });

  const load = (...names: string[]) =>
    engine.load(Object.fromEntries(names.map((name) => [`${name}:latest`, large()])));
  const tags = async (): Promise<string[]> =>
    (await engine.ok(["images", "--format", "{{.Repository}}"])).split("\n").filter(Boolean).sort();
  const held = async (): Promise<number> => {
    const answer = await askApi(join(engine.run, "tug.sock"), ["GET", "/tug/system/keepers"]);
    const keepers = answer.json<{ AloneBytes: number }[]>();
    return keepers.reduce((sum, { AloneBytes }) => sum + AloneBytes, 0);
  };
  const logged = () => readFile(join(engine.data, "engine.log"), "utf8");

  /** Ends the engine, makes it long ago that images were used, and begins again with another configuration. */
  async function begin(disk: object, hoursAgo: Readonly<Record<string, number>> = {}): Promise<void> {
    await engine.stopEngine("SIGTERM");
    age(hoursAgo);
    await writeFile(file(engine.directory), JSON.stringify({ disk }));
    await engine.ok(["info"]);
  }

  function age(hoursAgo: Readonly<Record<string, number>>): void {
    const [images, journal] = ["tug.db", "journal.db"].map(
      (name) => new DatabaseSync(join(engine.data, name)),
    );
    for (const [name, hours] of Object.entries(hoursAgo)) {
      const full = `docker.io/library/${name}:latest`;
      const row = images?.prepare("SELECT id FROM images WHERE name = ?").get(full);
      images?.prepare("UPDATE images SET updated = ? WHERE name = ?").run(Date.now() - hours * HOUR, full);
      journal?.prepare("DELETE FROM image_uses WHERE image = ?").run(String(row?.id));
    }
    images?.close();
    journal?.close();
  }

  test("nothing goes while there is none, and while it is kept", async () => {
    await load("old", "older", "used", "kept");
    await engine.ok(["create", "--name", "user", "used", "/own"]);
    await begin({ budget: "1TB" }, { old: 300, older: 400, used: 500, kept: 500 });
    await load("fresh");
    const why = await engine.ok(["system", "df", "--why"]);
    assert.match(why, /image older:latest +2 weeks ago +as number 2 /);
    assert.match(why, /image old:latest +\S+ days ago +as number 3 /);
    assert.match(why, /image used:latest .* no: it is in use .*containers user/);
    assert.match(why, /image fresh:latest .* ago +no: it was used lately /);
    assert.deepEqual(await tags(), ["box", "fresh", "kept", "old", "older", "tug/hello", "used"]);
  });

  test("when it is passed, the image goes that was not used for longest, and it is told", async () => {
    const since = new Date().toISOString();
    const before = await held();
    const budget = { budget: `${before - 100_000}B`, "keep-images": ["kept"] };
    await begin(budget);
    await until("the oldest image is gone", async () => !(await tags()).includes("older"));
    await until("the removal is told", async () => (await logged()).includes("disk.removed"));
    assert.match(await logged(), /"disk\.removed".*"kind":"image".*"name":"older:latest"/);
    const events = [
      "events",
      "--since",
      since,
      "--until",
      "0s",
      "--format",
      "{{.Type}} {{.Action}} {{.Actor.ID}}",
    ];
    const told = /^image untag older:latest\n(.*\n)*daemon prune disk$/m;
    await until("the event comes", async () => told.test(await engine.ok(events)));
    assert.deepEqual(await tags(), ["box", "fresh", "kept", "old", "tug/hello", "used"]);
    assert.doesNotMatch(await engine.ok(["info"]), /the disk budget/);
  });

  test("what is in use, kept or recent stays, and that the budget cannot be kept is said", async () => {
    await begin({ budget: "1MB", "keep-images": ["kept"] });
    const warned = await until("it is said", async () =>
      /the disk budget of 1\.0MB is passed: .*/.exec(await engine.ok(["info"])),
    );
    assert.match(warned[0], /all that is left is in use, was used lately or is to be kept$/);
    assert.deepEqual(await tags(), ["box", "fresh", "kept", "tug/hello", "used"]);
    assert.match(await engine.ok(["system", "check"]), /nothing is wrong/);
    await begin({ budget: "1MB", keep: "1h", "stopped-containers": true }, { fresh: 2 });
    await until("what was kept is gone", async () => (await tags()).join() === "box,tug/hello,used");
    assert.equal(await engine.ok(["ps", "-a", "--format", "{{.Names}}"]), "user\n");
    const database = new DatabaseSync(join(engine.data, "tug.db"));
    database.exec("UPDATE containers SET created_at = '2020-01-01T00:00:00Z'");
    database.close();
    await begin({ budget: "1MB", keep: "1h", "stopped-containers": true });
    await until(
      "the container and its image are gone",
      async () => (await tags()).join() === "box,tug/hello",
    );
    assert.equal(await engine.ok(["ps", "-aq"]), "");
    await begin({});
  });

  test("an engine that dies while it makes room leaves a store that is sound", async () => {
    for (let round = 0; round < 2; round += 1) {
      const names = Array.from({ length: 8 }, (_, number) => `i${number}`);
      await load(...names);
      const removals = (await logged()).split("disk.removed").length;
      await begin({ budget: "1MB" }, Object.fromEntries(names.map((name, number) => [name, 100 - number])));
      await until(
        "some are gone",
        async () => (await logged()).split("disk.removed").length > removals + round,
      );
      await engine.stopEngine("SIGKILL");
      await begin({});
      const { code, stdout } = await engine.tug(["system", "check"]);
      assert.deepEqual([code, /nothing is wrong/.test(stdout)], [0, true], stdout);
      const left = (await tags()).filter((name) => names.includes(name));
      assert.ok(left.length < names.length);
      for (const name of left) await engine.ok(["save", "-o", "/dev/null", name]);
      if (left.length > 0) await engine.ok(["rmi", ...left]);
    }
    assert.equal(await engine.sh([], "echo still"), "still");
  });
});
