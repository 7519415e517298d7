import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { jsonLogger, openDatabase } from "../../base/index.ts";
import type { DiskConfig } from "../../config/index.ts";
import type { EngineEvent } from "../events.ts";
import { openImageUses } from "./image-uses.ts";
import { openDiskKeeper } from "./keeper.ts";
import { memoryDisk } from "./testing/memory-disk.ts";

function openKeeper() {
  const disk = memoryDisk();
  const logged: string[] = [];
  const published: Omit<EngineEvent, "timeNanos">[] = [];
  const settings: { value: DiskConfig | Error } = {
    value: { budget: 100, keep: 0, keepImages: [], stoppedContainers: false },
  };
  const keeper = openDiskKeeper({
    port: disk.port,
    readSettings: async () => {
      if (settings.value instanceof Error) throw settings.value;
      return settings.value;
    },
    events: { publish: (event) => published.push(event), listen: () => () => {} },
    logger: jsonLogger((line) => logged.push(line), "debug"),
    signal: new AbortController().signal,
  });
  return { disk, logged, published, settings, keeper };
}

describe("keeping of the disk's budget", () => {
  it("tells what went, in the log and in an event", async () => {
    const { disk, logged, published, keeper } = openKeeper();
    await using _ = keeper;
    disk.leftovers = 200;
    await keeper.now();
    assert.match(logged.join(), /"disk\.removed".*"kind":"leftovers".*"bytes":200/);
    assert.deepEqual(
      published.map(({ type, action, attributes }) => [type, action, attributes.reclaimed]),
      [["daemon", "prune", "200"]],
    );
    assert.deepEqual(keeper.warnings(), []);
  });

  it("says once that the budget cannot be kept, and no more when it is", async () => {
    const { disk, logged, keeper, published } = openKeeper();
    await using _ = keeper;
    disk.rest = 2_000_000;
    await keeper.now();
    await keeper.now();
    assert.equal(logged.filter((line) => line.includes("disk.budget-unmet")).length, 1);
    assert.match(keeper.warnings().join(), /^the disk budget of 0\.0MB is passed: 2\.0MB are taken/);
    disk.rest = 0;
    await keeper.now();
    assert.deepEqual([keeper.warnings(), published], [[], []]);
  });

  it("does nothing without a budget, and goes on after a configuration that cannot be read", async () => {
    const { disk, logged, settings, keeper } = openKeeper();
    await using _ = keeper;
    disk.leftovers = 200;
    settings.value = new Error("no such member");
    await keeper.now();
    assert.match(logged.join(), /"disk\.budget-failed".*no such member/);
    settings.value = { budget: undefined, keep: 0, keepImages: [], stoppedContainers: false };
    await keeper.now();
    assert.deepEqual(disk.done, []);
  });
});

describe("uses of images", () => {
  it("are remembered, and not written down twice within a minute", () => {
    using database = openDatabase(":memory:", [
      {
        module: "x",
        version: 1,
        sql: "CREATE TABLE image_uses (image TEXT PRIMARY KEY, at INTEGER NOT NULL)",
      },
    ]);
    let now = 1_000_000;
    const uses = openImageUses(database, () => now);
    uses.note("a");
    now += 59_000;
    uses.note("a");
    uses.note("b");
    assert.deepEqual(
      [...uses.all()],
      [
        ["a", 1_000_000],
        ["b", 1_059_000],
      ],
    );
    now += 1000;
    uses.note("a");
    assert.equal(openImageUses(database).all().get("a"), 1_060_000);
  });
});
