import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { readdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { lacksCriu } from "../privileged/harness/index.ts";
import {
  beforeCriu,
  configureCriu,
  countingContainers,
  leavesNothing,
  needsBox,
  startTugCommand,
  until,
  useEngine,
} from "./harness/index.ts";

describe("a checkpoint is whole or there is none", { skip: needsBox() || lacksCriu() }, () => {
  const engine = useEngine(configureCriu);
  const ok = (...args: string[]): Promise<string> => engine.ok(args);
  const file = (name: string): string => join(engine.directory, name);
  /** Has criu do something before it answers a request. */
  const before = (script: string): Promise<void> =>
    writeFile(beforeCriu(engine), `if [ "$1" = swrk ]; then ${script}; fi\n`);
  /** Has it wait until `letGo`; `arrives` is when it does. */
  const hold = async (): Promise<void> => {
    await rm(file("arrived"), { force: true });
    await writeFile(file("hold"), "");
    await before(`touch ${file("arrived")}; while [ -e ${file("hold")} ]; do sleep 0.02; done`);
  };
  const arrives = (): Promise<unknown> => until("criu is called", () => existsSync(file("arrived")));
  const letGo = (): Promise<void> => rm(file("hold"));
  const nothing = (): Promise<void> => rm(beforeCriu(engine), { force: true });
  /** What lies where the checkpoints of a container are. */
  const places = async (name: string): Promise<string[]> => {
    const id = (await ok("inspect", "--format", "{{.Id}}", name)).trim();
    return readdir(join(engine.data, "containers", id, "checkpoints"));
  };

  test("an engine that is killed while it makes one leaves a container that goes on", () =>
    leavesNothing(engine, async () => {
      const { run, goesOn, numbers, state } = countingContainers(engine);
      await run("made");
      await hold();
      await using making = startTugCommand(engine, ["checkpoint", "create", "made", "half"]);
      await arrives();
      assert.deepEqual(await ok("checkpoint", "ls", "made"), "CHECKPOINT NAME\n");
      await engine.stopEngine("SIGKILL");
      assert.notEqual(await making.code, 0);
      // The next engine serves, and criu still works on the container.
      assert.equal(await state("made"), "running 0");
      await until("it was taken up", async () => (await places("made")).every((name) => name.endsWith("-")));
      assert.deepEqual(await ok("checkpoint", "ls", "made"), "CHECKPOINT NAME\n");
      // As long as that criu is there nothing happens in the container.
      const { length } = await numbers("made");
      for (let looks = 0; looks < 5; looks += 1) assert.equal((await numbers("made")).length, length);
      await letGo();
      await goesOn("made");
      await until("what was begun is gone", async () => (await places("made")).length === 0);
      await nothing();
      await ok("checkpoint", "create", "made", "half");
      assert.deepEqual(await places("made"), ["half"]);
      await ok("start", "--checkpoint", "half", "made");
      await goesOn("made");
      await ok("rm", "-f", "made");
    }));

  test("at whatever moment that is, nothing of the container is lost", () =>
    leavesNothing(engine, async () => {
      const { run, goesOn, numbers, state } = countingContainers(engine);
      await run("any");
      for (let round = 0; round < 8; round += 1) {
        const name = `round${round}`;
        await using making = startTugCommand(engine, ["checkpoint", "create", "any", name]);
        await sleep(Math.random() * 800);
        await engine.stopEngine("SIGKILL");
        await making.code;
        const { length } = await numbers("any");
        const hasEnded = async () => (await state("any")) !== "running 0";
        await until(
          "it goes on, or has ended",
          async () => (await hasEnded()) || (await numbers("any")).length > length + 5,
        );
        const listed = (await ok("checkpoint", "ls", "--format", "{{.Name}}", "any"))
          .split("\n")
          .includes(name);
        if (await hasEnded()) {
          assert.ok(listed, "it has ended without a checkpoint");
          await ok("start", "--checkpoint", name, "any");
        }
        await goesOn("any");
      }
      await until("nothing half-made is left", async () =>
        (await places("any")).every((name) => name.startsWith("round")),
      );
      await ok("rm", "-f", "any");
    }));

  test("so does criu when it is killed", () =>
    leavesNothing(engine, async () => {
      const { run, goesOn } = countingContainers(engine);
      await run("hurt");
      await before("kill -9 $$");
      const { code, stderr } = await engine.tug(["checkpoint", "create", "hurt", "half"]);
      assert.notEqual(code, 0);
      assert.match(stderr, /criu/);
      await nothing();
      await goesOn("hurt");
      assert.deepEqual(await places("hurt"), []);
      assert.equal(await ok("checkpoint", "ls", "hurt"), "CHECKPOINT NAME\n");
      await ok("rm", "-f", "hurt");
    }));

  test("an engine that is killed while a container is restored finds it running", () =>
    leavesNothing(engine, async () => {
      const { run, goesOn, state } = countingContainers(engine);
      await run("again");
      await ok("checkpoint", "create", "again", "one");
      await hold();
      await using starting = startTugCommand(engine, ["start", "--checkpoint", "one", "again"]);
      await arrives();
      await engine.stopEngine("SIGKILL");
      assert.notEqual(await starting.code, 0);
      await letGo();
      await until("it runs", async () => (await state("again")) === "running 0");
      await goesOn("again");
      await nothing();
      await ok("rm", "-f", "again");
    }));

  test("a restore whose criu is killed leaves nothing, and can be tried again", () =>
    leavesNothing(engine, async () => {
      const { run, goesOn, state } = countingContainers(engine);
      await run("tried");
      await ok("checkpoint", "create", "tried", "one");
      await before("kill -9 $$");
      const { code } = await engine.tug(["start", "--checkpoint", "one", "tried"]);
      assert.notEqual(code, 0);
      assert.match(await state("tried"), /^exited /);
      await nothing();
      await ok("start", "--checkpoint", "one", "tried");
      await goesOn("tried");
      await ok("rm", "-f", "tried");
    }));
});
