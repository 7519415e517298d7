import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { setImmediate as ticks } from "node:timers/promises";
import { openDatabase, sha256, silentLogger } from "../../base/index.ts";
import { createDiskSync } from "./disk-sync.ts";
import { createUnsyncedTable, type Unsynced, unsyncedMigrations } from "./unsynced-table.ts";

const layer: Unsynced = { kind: "layer", resource: sha256(Buffer.from("layer")) };
const blob: Unsynced = { kind: "blob", resource: sha256(Buffer.from("blob")) };

/** A disk whose syncs are answered one by one by the test. */
function openSync(table = createUnsyncedTable(openDatabase(":memory:", unsyncedMigrations))) {
  const waiting: PromiseWithResolvers<void>[] = [];
  let arrived = Promise.withResolvers<void>();
  const disk = {
    bootId: "now",
    sync: () => {
      const answer = Promise.withResolvers<void>();
      waiting.push(answer);
      arrived.resolve();
      arrived = Promise.withResolvers();
      return answer.promise;
    },
  };
  const diskSync = createDiskSync({ table, disk, root: "/", logger: silentLogger, delay: 0 });
  /** Waits for the next sync to begin, if need be. */
  const next = async () => {
    if (waiting.length === 0) await arrived.promise;
    return waiting.shift() as PromiseWithResolvers<void>;
  };
  return { table, diskSync, next };
}

describe("createDiskSync", () => {
  it("keeps on record what is being written, until a later sync has ended", async () => {
    const { table, diskSync, next } = openSync();
    const written = diskSync.begin([blob, layer]);
    assert.deepEqual(table.ofBoot("now"), [blob, layer]);
    written.end();
    const sync = await next();
    assert.deepEqual(table.ofBoot("now"), [blob, layer]);
    sync.resolve();
    await ticks();
    assert.deepEqual(table.ofBoot("now"), []);
  });

  it("does not take what is written during a sync for synced", async () => {
    const { table, diskSync, next } = openSync();
    diskSync.begin([layer]).end();
    const sync = await next();
    const again = diskSync.begin([layer]);
    sync.resolve();
    await ticks();
    assert.deepEqual(table.ofBoot("now"), [layer]);
    again.end();
    (await next()).resolve();
    await ticks();
    assert.deepEqual(table.ofBoot("now"), []);
  });

  it("syncs what an engine of the same boot has left", async () => {
    const table = createUnsyncedTable(openDatabase(":memory:", unsyncedMigrations));
    table.add([layer], "now");
    table.add([blob], "before");
    const { next } = openSync(table);
    (await next()).resolve();
    await ticks();
    assert.deepEqual([table.ofBoot("now"), table.ofOtherBoots("now")], [[], [blob]]);
  });

  it("leaves on record what could not be synced", async () => {
    const { table, diskSync, next } = openSync();
    diskSync.begin([layer]).end();
    (await next()).reject(new Error("the disk is gone"));
    await ticks();
    assert.deepEqual(table.ofBoot("now"), [layer]);
  });

  it("waits for nothing when it is closed, and leaves the rest on record", async () => {
    const { table, diskSync, next } = openSync();
    diskSync.begin([layer]).end();
    const sync = await next();
    diskSync.begin([blob]).end();
    diskSync.close();
    sync.resolve();
    await ticks();
    assert.deepEqual(table.ofBoot("now"), [blob, layer]);
  });
});
